"""Asks server and oracle the same searches of the same resources, and tells where they differ."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from urllib.parse import urlencode

import msgspec

from tests.client import BASE_URL, ZONE
from tests.oracle import oracle
from tests.oracle.drawing import drawn
from tests.oracle.resources import CODES, CONTENT, IN_VALUE_SET, PARENTS, TYPES, VALUE_SET
from tests.oracle.words import split
from tests.oracle.world import World

ENCODER = msgspec.json.Encoder(decimal_format="number")


def generated(number):
    """Give a set of resources, by its number."""
    return [
        {**resource, "id": str(place)}
        for type_, (strategy, most) in TYPES.items()
        for place, resource in enumerate(drawn(strategy, number, most), 1)
    ]


async def store(fhir, resources):
    """Store resources, a part after the other, and give the world as the server tells it."""
    await put(fhir, CONTENT)
    for start in range(0, len(resources), 60):
        await put(fhir, resources[start : start + 60])
    return await told(fhir, {resource["resourceType"] for resource in resources})


async def put(fhir, resources):
    """Store resources in one transaction."""
    entries = [
        {
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await fhir.post("", ENCODER.encode(bundle))
    assert answer.status_code == 200, answer.text


async def told(fhir, types):
    """Give the world of these types: what the server answers when it is asked for all."""
    found = {}
    for type_ in sorted(types):
        answer = await fhir.get(f"{type_}?_count=1000")
        body = json.loads(answer.content, parse_float=Decimal)
        rows = [entry["resource"] for entry in body.get("entry", ())]
        found[type_] = {row["id"]: row for row in rows}
    value_sets = {VALUE_SET: frozenset((CODES, code) for code in IN_VALUE_SET)}
    return World(found, BASE_URL, ZONE, {CODES: PARENTS}, value_sets)


@dataclass
class Answer:
    """The ids found, page after page; or the status and text of a refusal."""

    ids: list[str] = field(default_factory=list)
    status: int = 200
    told: str = ""


async def ask(fhir, query):
    """Ask the server, from page to page."""
    url = f"{query.type}?{urlencode([*query.parameters, ('_count', query.count)])}"
    found = Answer()
    while url:
        answer = await fhir.get(url)
        if answer.status_code != 200:
            return Answer(status=answer.status_code, told=answer.text)
        body = answer.json()
        found.ids += [
            entry["resource"]["id"]
            for entry in body.get("entry", ())
            if entry["search"]["mode"] == "match"
        ]
        following = [link["url"] for link in body["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(f"{BASE_URL}/") if following else None
    return found


@dataclass
class Tally:
    """What was asked, by its labels, and what came of it."""

    asked: Counter = field(default_factory=Counter)
    found: Counter = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    total: int = 0
    filled: int = 0

    def __str__(self):
        """Give the figures, and for each label how often it was asked and found something."""
        different = len(self.different)
        lines = [f"{self.total} queries, {self.filled} with an answer, {different} differences"]
        lines += [
            f"  {name}: {n}, {self.found[name]} found" for name, n in sorted(self.asked.items())
        ]
        return "\n".join([*lines, *self.different])


async def agree(fhir, world, asked, tally):
    """Ask the queries and count; what differs is made smaller, and kept where it is new."""
    for query in dict.fromkeys(asked):
        answer = await ask(fhir, query)
        expected = oracle.search(world, query.type, query.parameters)
        tally.total += 1
        tally.asked.update(query.labels)
        if expected:
            tally.filled += 1
            tally.found.update(query.labels)
        if answer != Answer(expected):
            told = await difference(fhir, world, query)
            tally.different += [told] if told not in tally.different else []


async def difference(fhir, world, query):
    """Tell the smallest difference found by leaving out parts of a query that differs."""
    smaller = query
    while smaller:
        query = smaller
        answer = await ask(fhir, query)
        smaller = None
        for one in parts(query):
            got = await ask(fhir, one)
            same = got.status == answer.status
            if same and got != Answer(oracle.search(world, one.type, one.parameters)):
                smaller = one
                break
    return explained(world, query, answer)


def parts(query):
    """Yield a query with a parameter, one of several values, or the pages left out."""
    pairs = query.parameters
    for place, (name, value) in enumerate(pairs):
        before, after = pairs[:place], pairs[place + 1 :]
        yield replace(query, parameters=(*before, *after))
        several = split(value, ",")
        for inner in range(len(several)) if len(several) > 1 else ():
            less = ",".join(several[:inner] + several[inner + 1 :])
            yield replace(query, parameters=(*before, (name, less), *after))
    if query.count < 1_000:
        yield replace(query, count=1_000)


def explained(world, query, answer):
    """Tell a difference, with a resource it is about."""
    expected = oracle.search(world, query.type, query.parameters)
    title = f"{query} in pages of {query.count}"
    if answer.status != 200:
        return f"{title}\n  is refused: {answer.status} {answer.told[:400]}"
    lines = [title]
    for told_, some, others in (
        ("server", answer.ids, expected),
        ("oracle", expected, answer.ids),
    ):
        alone = [world.resources[query.type][one] for one in some if one not in others]
        lines += [f"  only the {told_} finds {shown(resource)}" for resource in alone[:1]]
    if len(lines) == 1:
        lines += [f"  the server's order {answer.ids}", f"  the oracle's order {expected}"]
    return "\n".join(lines)


def shown(resource):
    """Give a resource in one line, long texts cut."""
    text = json.dumps(resource, ensure_ascii=False, default=str)
    return re.sub(r"(\w+ \w+ )[\w ]{60,}", r"\1…", text)
