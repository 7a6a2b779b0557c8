"""Sending an attack to one of the two bases, and what may be wrong with its answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from tests.security.attacks import Attack, content_type, entry, normal
from tests.security.legal.world import CANARIES, HEALTH, World

# Of the headers, what differs from one request to the next.
_PASSING = frozenset({"x-request-id", "date", "last-modified", "retry-after"})
PATHS = {"health": "/fhir", "legal": "/legal/fhir"}
BUSY = "The database does not answer."
# What no answer of a base may hold, whoever asks.
FOREIGN = {"health": CANARIES, "legal": (HEALTH,)}


@dataclass(frozen=True)
class Try:
    """An attack by somebody on a base; `never`: what to write for what never was there."""

    base: str
    who: str
    attack: Attack
    never: Mapping[str, str]

    def __str__(self) -> str:
        """Give a name for reports, the same in every run."""
        return f"{self.base} {self.who}: {self.attack} {json.dumps(self.attack.body)[:120]}"


def told(attack: Attack, words: Mapping[str, str]) -> Attack:
    """Give the attack with the words in their places, longest first."""

    def put(text: str) -> str:
        for name in sorted(words, key=len, reverse=True):
            text = text.replace(name, words[name])
        return text

    body = None if attack.body is None else json.loads(put(json.dumps(attack.body)))
    headers = tuple((name, put(value)) for name, value in attack.headers)
    return replace(attack, path=put(attack.path), body=body, headers=headers)


async def sent(world: World, base: str, who: str, attack: Attack) -> httpx2.Response:
    """Send an attack, its words in place, with the token of somebody; "" has none."""
    headers = {**dict(attack.headers), **bearer(world, f"{base}: {who}" if who else "")}
    root = PATHS[base]
    if attack.form in ("post", "search"):
        path, _, query = attack.path.partition("?")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await world.http.post(
            f"{root}/{path}", content=query.encode(), headers=headers | kind
        )
    if attack.form in ("batch", "transaction"):
        bundle = {"resourceType": "Bundle", "type": attack.form, "entry": [entry(attack)]}
        kind = {"Content-Type": "application/fhir+json"}
        return await world.http.post(root, json=bundle, headers=headers | kind)
    content = None if attack.body is None else json.dumps(attack.body).encode()
    kind = {"Content-Type": content_type(attack)} if content else {}
    return await world.http.request(
        attack.method, f"{root}/{attack.path}", content=content, headers=headers | kind
    )


def bearer(world: World, who: str) -> dict[str, str]:
    """Give the header that says who asks."""
    return {"Authorization": f"Bearer {world.tokens[who]}"} if who else {}


def plain(text: str, one: Mapping[str, str]) -> str:
    """Give an answer with each value of `one` turned back into its name."""
    for name, value in sorted(one.items(), key=lambda row: -len(row[1])):
        text = text.replace(value, name)
    return normal(text)


def outline(response: httpx2.Response, *others: Mapping[str, str]) -> tuple[int, Any, str]:
    """Give status, headers, body, without what passes and with words turned back."""
    text = response.text
    headers = repr(sorted(row for row in response.headers.items() if row[0] not in _PASSING))
    for one in others:
        text, headers = plain(text, one), plain(headers, one)
    return response.status_code, headers, text


async def verdict(world: World, one: Try) -> str:
    """Give what is wrong with the answer: it is that of what never was, and has no canary.

    Where the database was too busy for one of the two, both are asked once more.
    """
    fault = await _verdict(world, one)
    return await _verdict(world, one) if BUSY in fault else fault


async def _verdict(world: World, one: Try) -> str:
    response = await sent(world, one.base, one.who, told(one.attack, world.words))
    whole = response.text + repr(response.headers.multi_items())
    asked = json.dumps([told(one.attack, world.words).path, one.attack.body], ensure_ascii=False)
    for canary in FOREIGN[one.base]:
        if canary in whole and canary not in asked:
            return f"{canary} came out ({response.status_code})"
    if response.status_code >= 500:
        return f"a {response.status_code}: {response.text[:300]}"
    fakes = dict(one.never)
    nothing = told(told(one.attack, fakes), world.nobody)
    other = await sent(world, one.base, one.who, nothing)
    mine = outline(response, world.words)
    theirs = outline(other, world.nobody, fakes)
    if mine != theirs:
        busy = BUSY if BUSY in response.text + other.text else ""
        return f"{busy} told apart from what never was: {mine} | {theirs}"[:900]
    return ""
