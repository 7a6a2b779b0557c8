"""Strategies for single parameters: made from what stands in a resource, so that it is found."""

from decimal import Decimal
from functools import cache

from hypothesis import strategies as st

from tests.oracle import oracle, references, texts
from tests.oracle.asked import MODIFIERS, label, modifiers
from tests.oracle.definitions import BY_URL, Value, parameter
from tests.oracle.path import evaluate
from tests.oracle.reach import askable, leading, referring, rows, targets

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
    wanted = draw(st.sampled_from(MODIFIERS[kind])) if kind else ""
    suited = [code for code in filled if wanted in fitting(world, code, (type_, *types))]
    code = draw(st.sampled_from(suited if suited and draw(st.integers(0, 3)) else known))
    row = parameter(type_, code)
    ways = fitting(world, code, (type_, *types))
    modifier = (
        wanted if wanted and wanted in ways else draw(st.sampled_from([*ways[:1] * 2, *ways]))
    )
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


def fitting(world, code, types):
    """Give the modifiers that a parameter takes in each of some types."""
    known = modifiers(parameter(types[0], code)["type"])
    return [one for one in known if all(fits(world, type_, code, one) for type_ in types)]


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
