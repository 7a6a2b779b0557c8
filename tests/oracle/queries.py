"""Strategies for searches: most are made from what stands in a resource, so that it is found."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.oracle import oracle, references, texts
from tests.oracle.asked import (
    APART,
    JOINS,
    NOT_YET,
    SORT_LATER,
    SORT_MANY,
    label,
    modifiers,
)
from tests.oracle.definitions import BY_URL, Value, codes, parameter
from tests.oracle.path import evaluate

SORTED = ("string", "token", "reference", "date", "number", "quantity", "uri")
# A component that the element has not is asked for by one of these.
OTHERS = {
    "token": Value("code", "A"),
    "date": Value("dateTime", "2024"),
    "quantity": Value("Quantity", {"value": Decimal(1)}),
    "string": Value("string", "sốt"),
}


@dataclass(frozen=True)
class Query:
    """A search of one type: its parameters, the page size, and the labels of what it asks."""

    type: str
    parameters: tuple[tuple[str, str], ...]
    count: int
    labels: frozenset[str]

    def __str__(self):
        """Give it as it is sent, without the page size."""
        return f"{self.type}?{urlencode(self.parameters, safe=':,|$/')}"


@cache
def askable(type_):
    """Give the codes of the parameters that are asked of a type."""
    rows = [(code, parameter(type_, code)) for code in codes(type_) if code not in APART]
    return tuple(code for code, row in rows if row["type"] not in NOT_YET)


def rows(world, type_):
    return list(world.resources[type_].values())


@st.composite
def queries(draw, world):
    type_ = draw(st.sampled_from(sorted(world.resources)))
    resource = draw(st.sampled_from(rows(world, type_)))
    asked = draw(st.lists(clauses(world, resource, JOINS), min_size=1, max_size=3))
    keys, labels = draw(sorts(type_))
    parameters = [(name, text) for name, text, _ in asked]
    if keys:
        parameters.append(("_sort", ",".join(keys)))
    labels = labels.union(*(kinds for _, _, kinds in asked))
    return Query(type_, tuple(parameters), draw(st.sampled_from([1_000, 1_000, 17, 4])), labels)


@st.composite
def sorts(draw, type_):
    """Give sort keys and their labels."""
    known = [code for code in askable(type_) if sortable(type_, code)]
    keys = []
    for place in range(draw(st.sampled_from([0, 1, 1, 2, 3]))):
        later = place and {SORT_LATER, SORT_MANY} & NOT_YET
        code = draw(st.sampled_from(["_lastUpdated", "_id"] if later else known))
        if code in [key.removeprefix("-") for key in keys]:
            continue
        keys.append(draw(st.sampled_from([code, f"-{code}"])))
    kinds = [parameter(type_, key.removeprefix("-"))["type"] for key in keys]
    return keys, frozenset(f"sort:{kind}" for kind in kinds)


def sortable(type_, code):
    kind = parameter(type_, code)["type"]
    return kind in SORTED and (f"sort:{kind}" not in NOT_YET or code == "_id")


@st.composite
def clauses(draw, world, resource, joins, depth=2):
    """Give (name, value, labels) of a parameter, most of them so that this resource is found."""
    way = draw(st.sampled_from(["own"] * 5 + [join for join in joins if join not in NOT_YET]))
    ways = {"own": own, "chain": chained, "_has": has, "_list": listed}
    return draw(ways[way if depth else "own"](world, resource, depth))


@st.composite
def own(draw, world, resource, _depth):
    """Give a parameter of the resource itself."""
    type_ = resource["resourceType"]
    filled = [code for code in askable(type_) if oracle.values(resource, code)]
    code = draw(st.sampled_from([*filled, *filled, *filled, *askable(type_)]))
    row = parameter(type_, code)
    known = modifiers(row["type"])
    modifier = draw(st.sampled_from([*known[:1] * 2, *known]))
    labels = frozenset([label(row["type"], modifier)])
    if modifier == "missing":
        there = "false" if oracle.values(resource, code) else "true"
        return f"{code}:missing", draw(st.sampled_from([there, there, "true", "false"])), labels
    if modifier == "Type":
        modifier = draw(target_type(resource, row))
    size = draw(st.sampled_from([1, 1, 1, 2, 3]))
    more = draw(st.lists(st.sampled_from(rows(world, type_)), min_size=size - 1, max_size=size - 1))
    found = [draw(text_of(world, one, row, modifier)) for one in (resource, *more)]
    if modifier in ("in", "not-in", "above", "below") and row["type"] == "token":
        found = found[:1]
    return f"{code}:{modifier}" if modifier else code, ",".join(found), labels


@st.composite
def target_type(draw, resource, row):
    """Give a type the parameter may refer to, one it does refer to first."""
    found = [
        value.json.get("reference", "")
        for value in oracle.values(resource, row["code"])
        if value.type == "Reference"
    ]
    types = targets(resource["resourceType"], row)
    named = [one for one in types if any(f"{one}/" in text for text in found)]
    return draw(st.sampled_from([*named, *named, *types[:3]]))


def targets(type_, row):
    """Give the types a parameter refers to: `where(resolve() is Patient)` leaves one."""
    mine = [part for part in row["expression"].split("|") if f"{type_}." in part]
    one = re.search(r"resolve\(\) is (\w+)", " ".join(mine))
    return [one[1]] if one else row["target"]


@st.composite
def text_of(draw, world, resource, row, modifier):
    """Give a text that asks for a value of a resource, of another where it has none."""
    others = (oracle.values(one, row["code"]) for one in rows(world, resource["resourceType"]))
    found = oracle.values(resource, row["code"]) or next(filter(None, others), [])
    if not found:
        return texts.NONE[row["type"]]
    value = draw(st.sampled_from(found))
    if row["type"] != "composite":
        return draw(texts.KINDS[row["type"]](value, modifier, world))
    parts = []
    for component in row["component"]:
        inner = evaluate(component["expression"], resource, value)
        kind = BY_URL[component["definition"]]["type"]
        one = draw(st.sampled_from(inner or [OTHERS[kind]]))
        parts.append(draw(texts.KINDS[kind](one, "", world)))
    return "$".join(parts)


@st.composite
def chained(draw, world, resource, depth):
    """Give a chain: through a reference of the resource to something that is there."""
    type_ = resource["resourceType"]
    found = []
    for code in askable(type_):
        if parameter(type_, code)["type"] == "reference":
            for value in oracle.values(resource, code):
                there = references.local(value, world)
                if there and world.find(*there):
                    found.append((code, world.find(*there)))
    if not found:
        return draw(own(world, resource, depth))
    code, target = draw(st.sampled_from(found))
    name, text, labels = draw(clauses(world, target, ("chain",), depth - 1))
    first = name.partition(".")[0].partition(":")[0]
    types = [one for one in targets(type_, parameter(type_, code)) if parameter(one, first)]
    plain = len(types) == 1 and draw(st.booleans())
    head = code if plain else f"{code}:{target['resourceType']}"
    return f"{head}.{name}", text, labels | {"chain"}


@st.composite
def has(draw, world, resource, depth):
    """Give a reverse chain: from something that refers to the resource."""
    found = referring(world).get((resource["resourceType"], resource["id"]))
    if not found:
        return draw(own(world, resource, depth))
    other, code = draw(st.sampled_from(found))
    name, text, labels = draw(clauses(world, other, ("chain", "_has"), depth - 1))
    return f"_has:{other['resourceType']}:{code}:{name}", text, labels | {"_has"}


@cache
def referring(world):
    """Give what refers to a resource, by its type and id: other resources and their parameters."""
    found = {}
    for type_ in sorted(world.resources):
        codes_ = [code for code in askable(type_) if parameter(type_, code)["type"] == "reference"]
        for other in rows(world, type_):
            for code in codes_:
                for value in oracle.values(other, code):
                    found.setdefault(references.local(value, world), []).append((other, code))
    return found


@st.composite
def listed(draw, world, _resource, _depth):
    """Give `_list` with one of the lists there are."""
    return "_list", draw(st.sampled_from([*world.resources["List"], "0"])), frozenset(["_list"])
