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
    COMPARTMENT,
    INCLUDE,
    JOINS,
    MODIFIERS,
    NOT_YET,
    SEVERAL_TYPES,
    SORT_LATER,
    SORT_MANY,
    label,
    modifiers,
)
from tests.oracle.definitions import BY_URL, COMPARTMENTS, Value, codes, parameter
from tests.oracle.path import evaluate

SORTED = ("string", "token", "reference", "date", "number", "quantity", "uri")
# Modifiers of tokens that are for some types of value only.
CODED = {"Coding", "CodeableConcept"}
FITTING = {
    "of-type": {"Identifier"},
    "text": {*CODED, "Identifier"},
    "in": CODED,
    "not-in": CODED,
    "above": {*CODED, "uri"},
    "below": {*CODED, "uri"},
}
# What is asked for where nothing has a value.
STAND_INS = {
    "string": Value("string", "sốt"),
    "token": Value("Coding", {"code": "A"}),
    "reference": Value("Reference", {"reference": "1"}),
    "date": Value("dateTime", "2024"),
    "number": Value("decimal", Decimal(1)),
    "quantity": Value("Quantity", {"value": Decimal(1)}),
    "uri": Value("uri", "http://example.org/none"),
    "composite": Value("Element", {}),
}


@dataclass(frozen=True)
class Query:
    """A search of one type, or of those in `_type`: its parameters, the labels of what it asks.

    `within` is the root of a compartment, type and id; `count` is the page size; `counted` asks
    for the total too, `posted` sends it as a form.
    """

    type: str
    parameters: tuple[tuple[str, str], ...]
    count: int = 1_000
    counted: bool = False
    posted: bool = False
    within: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()

    def __str__(self):
        """Give it as it is sent, without the page size."""
        path = "/".join([*self.within, self.type])
        return f"{path}?{urlencode(self.parameters, safe=':,|$/')}"


@cache
def askable(type_, kind=None):
    """Give the codes of the parameters that are asked of a type, or of one kind of them."""
    found = [(code, parameter(type_, code)["type"]) for code in codes(type_) if code not in APART]
    return tuple(
        code for code, one in found if one not in NOT_YET and (kind is None or kind == one)
    )


def rows(world, type_):
    return list(world.resources[type_].values())


@cache
def leading(world):
    """Give for each resource what it refers to: (parameter, resource) pairs by type and id."""
    found = {}
    for type_ in sorted(world.resources):
        for resource in rows(world, type_):
            pairs = found[type_, resource["id"]] = []
            for code in askable(type_, "reference"):
                for value in oracle.values(world, resource, code):
                    there = references.leads(value, world, any_version=True)
                    pairs += [(code, world.find(*one)) for one in there]
    return found


@cache
def referring(world):
    """Give for each resource what refers to it: (resource, parameter) pairs by type and id."""
    found = {}
    for here, pairs in leading(world).items():
        for code, target in pairs:
            there = (target["resourceType"], target["id"])
            found.setdefault(there, []).append((world.find(*here), code))
    return found


@cache
def able(world, way):
    """Give the resources that can be found in one way, by type: those with a value for it."""
    tests = {
        "chain": lambda here: leading(world).get(here),
        "_has": lambda here: referring(world).get(here),
        "_list": lambda here: any(code == "item" for _, code in referring(world).get(here, ())),
    }
    found = {}
    for type_ in sorted(world.resources):
        for one in rows(world, type_):
            here = (type_, one["id"])
            filled = (oracle.values(world, one, code) for code in askable(type_, way))
            if tests[way](here) if way in tests else any(filled):
                found.setdefault(type_, []).append(one)
    return found


@st.composite
def queries(draw, world):
    """Give searches: of one type, most of them, or of several."""
    several = SEVERAL_TYPES not in NOT_YET and draw(st.integers(0, 9)) == 9
    return draw(of_several_types(world) if several else of_one_type(world))


@st.composite
def of_one_type(draw, world):
    """Give a search that asks in one way, in others beside it, and in some order."""
    joins = [join for join in JOINS if join not in NOT_YET]
    way = draw(st.sampled_from([*(kind for kind in MODIFIERS if kind not in NOT_YET), *joins]))
    type_ = draw(st.sampled_from(sorted(able(world, way))))
    resource = draw(st.sampled_from(able(world, way)[type_]))
    # Few resources are on a list: beside something else, nothing is left to find.
    beside = [join for join in joins if join != "_list"]
    more = st.lists(st.sampled_from([None] * 5 + beside), max_size=2)
    asked = [draw(clause(world, resource, one)) for one in (way, *draw(more))]
    keys, labels = draw(sorts(type_))
    parameters = list(dict.fromkeys((name, text) for name, text, _ in asked))
    if keys:
        parameters.append(("_sort", ",".join(keys)))
    if INCLUDE not in NOT_YET:
        brought = draw(st.lists(includes(world, resource), max_size=2, unique=True))
        parameters += brought
        labels |= {name for name, _ in brought}
    labels = labels.union(*(kinds for _, _, kinds in asked))
    within = draw(compartments(world, resource))
    labels |= {COMPARTMENT} if within else set()
    return Query(type_, tuple(parameters), *draw(WAYS), within, labels)


@st.composite
def of_several_types(draw, world):
    """Give a search for what two types, or three, have in common."""
    types = draw(st.lists(st.sampled_from(sorted(world.resources)), min_size=2, max_size=3))
    resource = draw(st.sampled_from(rows(world, types[0])))
    common = [
        code
        for code in askable(types[0])
        if parameter(types[0], code)["type"] in ("token", "date", "string", "number", "uri")
        and len({parameter(one, code) and parameter(one, code)["type"] for one in types}) == 1
    ]
    asked = draw(
        st.lists(own(world, resource, only=common, types=tuple(types)), min_size=1, max_size=2)
    )
    parameters = dict.fromkeys((name, text) for name, text, _ in asked)
    order = draw(st.sampled_from(["", "", "_id", "-_id", "_lastUpdated", "-_lastUpdated"]))
    sorting = [("_sort", order)] if order else []
    named = ("_type", ",".join(dict.fromkeys(types)))
    labels = frozenset({SEVERAL_TYPES}).union(*(kinds for _, _, kinds in asked))
    if len(set(types)) == 1:
        labels -= {SEVERAL_TYPES}
    return Query("", (named, *parameters, *sorting), *draw(WAYS), (), labels)


# The page size, whether to count, whether to post.
WAYS = st.tuples(st.sampled_from([1_000, 1_000, 17, 4]), st.booleans(), st.booleans())


@st.composite
def compartments(draw, world, resource):
    """Give a compartment the resource is in, now and then; () for none."""
    type_ = resource["resourceType"]
    roots = [
        (root, target["id"])
        for code, target in leading(world)[type_, resource["id"]]
        for root in COMPARTMENTS
        if root == target["resourceType"] and code in COMPARTMENTS[root].get(type_, ())
    ]
    if COMPARTMENT in NOT_YET or not roots:
        return ()
    return draw(st.sampled_from([(), (), *roots]))


@st.composite
def includes(draw, world, resource):
    """Give what to bring along: what the resource refers to, or what refers to it."""
    here = (resource["resourceType"], resource["id"])
    ways = [
        ("_include", f"{here[0]}:{code}", target["resourceType"])
        for code, target in leading(world)[here]
    ] + [
        ("_revinclude", f"{other['resourceType']}:{code}", here[0])
        for other, code in referring(world).get(here, ())
    ]
    if not ways:
        return "_include", "*"
    name, value, type_ = draw(st.sampled_from(ways))
    iterate = draw(st.sampled_from(["", "", ":iterate"]))
    source = value.partition(":")[0]
    return name + iterate, draw(st.sampled_from([value, f"{value}:{type_}", f"{source}:*", "*"]))


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


def clause(world, resource, way, depth=2):
    """Give (name, value, labels) of a parameter, in most of them so that the resource is found."""
    joins = {"chain": chained, "_has": has, "_list": listed}
    if way in joins:
        return joins[way](world, resource, depth)
    return own(world, resource, way)


@st.composite
def own(draw, world, resource, kind=None, *, only=(), types=()):
    """Give a parameter of the resource itself, of any kind or of one.

    Or one of `only`, with a modifier that each of `types` takes.
    """
    type_ = resource["resourceType"]
    known = only or askable(type_, kind) or askable(type_)
    filled = [code for code in known if oracle.values(world, resource, code)]
    code = draw(st.sampled_from([*filled, *filled, *filled, *known]))
    row = parameter(type_, code)
    fitting = [
        one
        for one in modifiers(row["type"])
        if all(fits(world, each, code, one) for each in (type_, *types))
    ]
    modifier = draw(st.sampled_from([*fitting[:1] * 2, *fitting]))
    labels = frozenset([label(row["type"], modifier)])
    if modifier == "missing":
        there = "false" if code in filled else "true"
        return f"{code}:missing", draw(st.sampled_from([there, there, "true", "false"])), labels
    if modifier == "Type":
        modifier = draw(target_type(world, resource, row))
    size = draw(st.sampled_from([1, 1, 1, 2, 3]))
    if modifier in FITTING and modifier != "text":
        size = 1
    more = draw(st.lists(st.sampled_from(rows(world, type_)), min_size=size - 1, max_size=size - 1))
    found = [draw(text_of(world, one, row, modifier)) for one in (resource, *more)]
    name = f"{code}:{modifier}" if modifier else code
    return name, ",".join(dict.fromkeys(found)), labels


def fits(world, type_, code, modifier):
    """Say whether a modifier is for what stands in the elements of a parameter."""
    row = parameter(type_, code)
    if row["type"] == "reference" and modifier in ("above", "below"):
        return bool(set(references.PARENTS) & set(targets(type_, row)))
    wanted = FITTING.get(modifier) if row["type"] == "token" else None
    return wanted is None or bool(wanted & value_types(world, type_, code))


@cache
def value_types(world, type_, code):
    """Give the types of the values a parameter has in any resource of a type."""
    return {value.type for one in rows(world, type_) for value in oracle.values(world, one, code)}


@st.composite
def target_type(draw, world, resource, row):
    """Give a type the parameter may refer to, one it does refer to first."""
    found = [
        value.json.get("reference", "")
        for value in oracle.values(world, resource, row["code"])
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
    found = []
    for one in (resource, *rows(world, resource["resourceType"])):
        here = oracle.values(world, one, row["code"])
        found = found or [value for value in here if texts.telling(value, row["type"], modifier)]
    value = draw(st.sampled_from(found or [STAND_INS[row["type"]]]))
    if row["type"] != "composite":
        return draw(texts.KINDS[row["type"]](value, modifier, world))
    parts = []
    for component in row["component"]:
        inner = evaluate(component["expression"], resource, value)
        kind = BY_URL[component["definition"]]["type"]
        one = draw(st.sampled_from(inner or [STAND_INS[kind]]))
        parts.append(draw(texts.KINDS[kind](one, "", world)))
    return "$".join(parts)


@st.composite
def chained(draw, world, resource, depth):
    """Give a chain: through a reference of the resource to something that is there."""
    type_ = resource["resourceType"]
    found = leading(world)[type_, resource["id"]]
    if not found:
        return draw(own(world, resource))
    code, target = draw(st.sampled_from(found))
    further = ["chain"] if depth > 1 else []
    inner = clause(world, target, draw(st.sampled_from([None, None, *further])), depth - 1)
    name, text, labels = draw(inner)
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
        return draw(own(world, resource))
    other, code = draw(st.sampled_from(found))
    further = ["chain", "_has"] if depth > 1 else []
    inner = clause(world, other, draw(st.sampled_from([None, None, *further])), depth - 1)
    name, text, labels = draw(inner)
    return f"_has:{other['resourceType']}:{code}:{name}", text, labels | {"_has"}


@st.composite
def listed(draw, world, resource, _depth):
    """Give `_list` with a list that names the resource, or any other."""
    here = (resource["resourceType"], resource["id"])
    naming = [one["id"] for one, code in referring(world).get(here, ()) if code == "item"]
    return "_list", draw(st.sampled_from([*naming, *world.resources["List"], "0"])), {"_list"}
