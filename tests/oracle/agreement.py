"""Asks server and oracle the same searches of the same resources, and tells where they differ."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby, pairwise
from urllib.parse import urlencode

import msgspec

from tests.client import BASE_URL, ZONE
from tests.oracle import includes, oracle
from tests.oracle.drawing import drawn
from tests.oracle.elements import CODES, IN_VALUE_SET, PARENTS, VALUE_SET
from tests.oracle.resources import CONTENT, TYPES
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
    return await told(fhir, resources)


async def age(fhir, resources):
    """Give some resources the content of others, delete some; give the world that is left."""
    types = groupby(resources, key=lambda one: one["resourceType"])
    pairs = [pair for _, some in types for pair in pairwise(some)]
    await put(fhir, [{**one, "id": other["id"]} for one, other in pairs[::9]])
    gone = resources[5::13]
    await transact(fhir, [{"request": {"method": "DELETE", "url": url(one)}} for one in gone])
    return await told(fhir, [one for one in resources if one not in gone])


def url(resource):
    return f"{resource['resourceType']}/{resource['id']}"


async def put(fhir, resources):
    """Store resources in one transaction."""
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": url(one)}} for one in resources
    ]
    await transact(fhir, entries)


async def transact(fhir, entries):
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    answer = await fhir.post("", ENCODER.encode(bundle))
    assert answer.status_code == 200, answer.text


async def told(fhir, resources):
    """Give the world of these resources as the server answers when it is asked for all."""
    found = {}
    for type_ in sorted({resource["resourceType"] for resource in resources}):
        answer = await fhir.get(f"{type_}?_count=1000")
        body = json.loads(answer.content, parse_float=Decimal)
        rows = [entry["resource"] for entry in body.get("entry", ())]
        found[type_] = {row["id"]: row for row in rows}
    assert {url(one) for some in found.values() for one in some.values()} == set(
        map(url, resources)
    )
    value_sets = {VALUE_SET: frozenset((CODES, code) for code in IN_VALUE_SET)}
    return World(found, BASE_URL, ZONE, {CODES: PARENTS}, value_sets)


@dataclass
class Answer:
    """Type and id of what is found, what each page brings along, the total; or a refusal."""

    found: list[tuple[str, str]] = field(default_factory=list)
    brought: list[set[tuple[str, str]]] = field(default_factory=list)
    total: int | None = None
    status: int = 200
    told: str = ""


def expected(world, query):
    """Give the answer of the oracle."""
    if query.type:
        found = [(query.type, id_) for id_ in oracle.search(world, query.type, query.parameters)]
    else:
        types = dict(query.parameters)["_type"].split(",")
        found = oracle.search_types(world, types, query.parameters)
    if query.within:
        found = [one for one in found if oracle.within(world, world.find(*one), query.within)]
    asked = [(name, value) for name, value in query.parameters if name in includes.NAMES]
    starts = range(0, len(found) or 1, query.count)
    pages = [set(found[start : start + query.count]) for start in starts]
    brought = [includes.included(world, page, asked) for page in pages]
    return Answer(found, brought, len(found) if query.counted else None)


async def ask(fhir, query):
    """Ask the server, from page to page to the end, and back again."""
    answer = await first_page(fhir, query)
    pages, brought = [], []
    while answer.status_code == 200:
        body = answer.json()
        pages.append(entries(body, "match"))
        brought.append(set(entries(body, "include")))
        following = linked(body, "next")
        if following is None:
            wrong = await back(fhir, body, pages)
            found = [one for page in pages for one in page]
            return Answer(found, brought, body.get("total"), told=wrong)
        answer = await fhir.http.get(following)
    return Answer(status=answer.status_code, told=answer.text)


async def first_page(fhir, query):
    """Ask for the first page, by GET or by POST."""
    counted = [("_total", "accurate")] if query.counted else []
    text = urlencode([*query.parameters, ("_count", query.count), *counted])
    path = "/".join([BASE_URL, *query.within, *([query.type] if query.type else [])])
    if not query.posted:
        return await fhir.http.get(f"{path}?{text}")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return await fhir.http.post(f"{path}/_search", content=text, headers=form)


async def back(fhir, body, pages):
    """Walk from the last page to the first; say what is not as it was on the way there."""
    for page in reversed(pages[:-1]):
        previous = linked(body, "previous")
        body = (await fhir.http.get(previous)).json() if previous else {}
        if entries(body, "match") != page:
            return f"the way back from {pages} leads to {entries(body, 'match')}"
    return "there is a page before the first" if linked(body, "previous") else ""


def entries(body, mode):
    """Give type and id of the entries of one mode; each stands once."""
    rows = [one["resource"] for one in body.get("entry", ()) if one["search"]["mode"] == mode]
    found = [(row["resourceType"], row["id"]) for row in rows]
    assert len(found) == len(set(found)), found
    return found


def linked(body, relation):
    """Give the URL of a link, None where there is no such."""
    links = {link["relation"]: link["url"] for link in body.get("link", ())}
    return links.get(relation)


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
        answer, right = await ask(fhir, query), expected(world, query)
        tally.total += 1
        tally.asked.update(query.labels)
        if right.found:
            tally.filled += 1
            tally.found.update(query.labels)
        if answer != right:
            told_ = await difference(fhir, world, query)
            tally.different += [told_] if told_ not in tally.different else []


async def difference(fhir, world, query):
    """Tell the smallest difference found by leaving out parts of a query that differs."""
    smaller = query
    while smaller:
        query = smaller
        answer = await ask(fhir, query)
        smaller = None
        for one in parts(query):
            got = await ask(fhir, one)
            if got.status == answer.status and got != expected(world, one):
                smaller = one
                break
    return explained(world, query, answer)


def parts(query):
    """Yield a query with a parameter, one of several values, or a way of asking left out."""
    pairs = query.parameters
    for place, (name, value) in enumerate(pairs):
        before, after = pairs[:place], pairs[place + 1 :]
        if name != "_type":
            yield replace(query, parameters=(*before, *after))
        several = split(value, ",")
        for inner in range(len(several)) if len(several) > 1 else ():
            less = ",".join(several[:inner] + several[inner + 1 :])
            yield replace(query, parameters=(*before, (name, less), *after))
    plainer = {"count": 1_000, "counted": False, "posted": False, "within": ()}
    for name, plain in plainer.items():
        if getattr(query, name) != plain:
            yield replace(query, **{name: plain})


def explained(world, query, answer):
    """Tell a difference, with a resource it is about."""
    right = expected(world, query)
    title = f"{query} in pages of {query.count}"
    if answer.status != 200:
        return f"{title}\n  is refused: {answer.status} {answer.told[:400]}"
    lines = [title]
    for told_, some, others in (("server", answer, right), ("oracle", right, answer)):
        alone = [world.find(*one) for one in some.found if one not in others.found]
        lines += [f"  only the {told_} finds {shown(resource)}" for resource in alone[:1]]
    if len(lines) == 1:
        lines += [f"  the server: {answer}", f"  the oracle: {right}"]
    return "\n".join(lines)


def shown(resource):
    """Give a resource in one line, long texts cut."""
    text = json.dumps(resource, ensure_ascii=False, default=str)
    return re.sub(r"(\w+ \w+ )[\w ]{60,}", r"\1…", text)
