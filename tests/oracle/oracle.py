"""Answers searches straight from the resources: slow, plain, to be read beside the standard.

Shares no code with the server. https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tests.oracle import dates, numbers, places, quantities, references, strings, tokens
from tests.oracle.definitions import BY_URL, COMPARTMENTS, Value, children, parameter
from tests.oracle.path import evaluate
from tests.oracle.words import plain, split
from tests.oracle.world import Resource, World

Asks = Callable[[str, Value, World], bool]


class Kind(NamedTuple):
    """What a type of parameter may be asked of one value, and how its values sort."""

    modifiers: dict[str, Asks]
    order: Callable[[Value, World], Any] = lambda _value, _world: None


KINDS = {
    "string": Kind(strings.MODIFIERS, strings.order),
    "token": Kind(tokens.MODIFIERS, tokens.order),
    "reference": Kind(references.MODIFIERS, references.order),
    "date": Kind(dates.MODIFIERS, dates.order),
    "number": Kind(numbers.MODIFIERS, numbers.order),
    "quantity": Kind(quantities.MODIFIERS, quantities.order),
    "uri": Kind(references.URI_MODIFIERS, references.uri_order),
    "special": Kind(places.MODIFIERS),
}

# Not what is found: its order, and what comes with it.
CONTROLS = ("_sort", "_type", "_include", "_revinclude")


def search(world: World, type_: str, parameters: Iterable[tuple[str, str]]) -> list[str]:
    """Give the ids of the resources of a type that are found, in the order asked for."""
    pairs = list(parameters)
    criteria = [(name, value) for name, value in pairs if not name.startswith(CONTROLS)]
    found = [
        resource
        for resource in world.resources.get(type_, {}).values()
        if all(holds(world, resource, name, value) for name, value in criteria)
    ]
    keys = [key for name, value in pairs if name == "_sort" for key in value.split(",")]
    return [resource["id"] for resource in in_order(world, found, keys)]


def search_types(
    world: World, types: Iterable[str], parameters: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Give type and id of what is found of several types: by type and id, by time, or by id.

    https://hl7.org/fhir/R4/http.html#search
    """
    pairs = list(parameters)
    key = next((value for name, value in pairs if name == "_sort"), "")
    criteria = [pair for pair in pairs if pair[0] != "_sort"]
    found = [(type_, id_) for type_ in types for id_ in search(world, type_, criteria)]
    orders: dict[str, Callable[[tuple[str, str]], Any]] = {
        "": lambda here: here,
        "_id": lambda here: (here[1], here[0]),
        "_lastUpdated": lambda here: (order(world, world.find(*here) or {}, "_lastUpdated"), here),
    }
    return sorted(found, key=orders[key.removeprefix("-")], reverse=key.startswith("-"))


def within(world: World, resource: Resource, root: tuple[str, str]) -> bool:
    """Say whether a resource is in a compartment: it is the root, or refers to it as listed.

    https://hl7.org/fhir/R4/compartmentdefinition.html
    """
    if (resource["resourceType"], resource["id"]) == root:
        return True
    codes = COMPARTMENTS[root[0]].get(resource["resourceType"], ())
    found = [value for code in codes for value in values(world, resource, code)]
    return root in [references.local(value, world) for value in found]


def holds(world: World, resource: Resource, name: str, value: str) -> bool:
    """Say whether a resource meets one parameter, `value` being everything behind the `=`."""
    if name.startswith("_has:"):
        return has(world, resource, name, value)
    if name == "_list":
        return any(listed(world, resource, plain(id_)) for id_ in split(value, ","))
    first, dot, rest = name.partition(".")
    if dot:
        return chained(world, resource, first, rest, value)
    code, _, modifier = name.partition(":")
    found = values(world, resource, code)
    if modifier == "missing":
        return (not found) == (value == "true")
    if modifier in tokens.DENIED:
        modifier = tokens.DENIED[modifier]
        return not any(meets(world, resource, code, modifier, one) for one in split(value, ","))
    return any(meets(world, resource, code, modifier, one) for one in split(value, ","))


def meets(world: World, resource: Resource, code: str, modifier: str, text: str) -> bool:
    """Say whether one value of the parameter is what one text asks for."""
    row = definition(resource, code)
    found = values(world, resource, code)
    if row["type"] == "composite":
        return any(meets_all(world, resource, row, value, text) for value in found)
    if row["type"] == "reference" and modifier[:1].isupper():
        return any(references.refers_to_type(modifier, text, value, world) for value in found)
    asks = KINDS[row["type"]].modifiers[modifier]
    return any(asks(text, value, world) for value in found)


def meets_all(world: World, resource: Resource, row: Any, value: Value, text: str) -> bool:
    """Say whether one and the same value meets every component of a composite, `code$value`.

    https://hl7.org/fhir/R4/search.html#combining
    """
    parts = split(text, "$")
    for component, part in zip(row["component"], parts, strict=True):
        asks = KINDS[BY_URL[component["definition"]]["type"]].modifiers[""]
        inner = evaluate(component["expression"], resource, value)
        if not any(asks(part, one, world) for one in inner):
            return False
    return True


def definition(resource: Resource, code: str) -> dict[str, Any]:
    row = parameter(resource["resourceType"], code)
    assert row, (resource["resourceType"], code)
    return row


def values(world: World, resource: Resource, code: str) -> list[Value]:
    """Give what a parameter looks at in a resource."""
    key = (resource["resourceType"], resource["id"], code)
    if key not in world.remembered:
        found = evaluate(definition(resource, code)["expression"], resource)
        # R4 writes `Patient.extension('…')` and means what the extension says.
        world.remembered[key] = [
            inner
            for value in found
            for inner in (children(value, "value") if value.type == "Extension" else [value])
        ]
    return world.remembered[key]


def chained(world: World, resource: Resource, first: str, rest: str, value: str) -> bool:
    """`subject:Patient.name=…`: something it refers to meets the rest.

    https://hl7.org/fhir/R4/search.html#chaining
    """
    code, _, type_ = first.partition(":")
    for reference in values(world, resource, code):
        for there in references.leads(reference, world, any_version=True):
            target = world.find(*there) if type_ in ("", there[0]) else None
            if target and asked_of(target, rest) and holds(world, target, rest, value):
                return True
    return False


def asked_of(target: Resource, name: str) -> bool:
    """Say whether a parameter is one of this type: a reference may lead to several types."""
    code = name.partition(".")[0].partition(":")[0]
    return code.startswith("_") or parameter(target["resourceType"], code) is not None


def has(world: World, resource: Resource, name: str, value: str) -> bool:
    """`_has:Observation:patient:code=…`: something that refers to it meets the rest.

    https://hl7.org/fhir/R4/search.html#has
    """
    _, type_, code, rest = name.split(":", 3)
    me = (resource["resourceType"], resource["id"])
    for other in world.resources.get(type_, {}).values():
        for reference in values(world, other, code):
            here = me in references.leads(reference, world, any_version=True)
            if here and holds(world, other, rest, value):
                return True
    return False


def listed(world: World, resource: Resource, id_: str) -> bool:
    """`_list`: the List names it. https://hl7.org/fhir/R4/search.html#list"""
    there = world.find("List", id_)
    me = (resource["resourceType"], resource["id"])
    return there is not None and me in [
        references.local(item, world) for item in values(world, there, "item")
    ]


def in_order(world: World, found: list[Resource], keys: list[str]) -> list[Resource]:
    """Sort by each key in turn, then by id in the direction of the last key.

    Of several values the lowest counts, descending the highest; without one it comes last.
    https://hl7.org/fhir/R4/search.html#sort
    """
    keys = [key for key in keys if key]
    last = keys[-1] if keys else ""
    rows = sorted(found, key=lambda resource: resource["id"], reverse=last.startswith("-"))
    for key in reversed(keys):
        code, descending = key.removeprefix("-"), key.startswith("-")
        ranks = {row["id"]: order(world, row, code) for row in rows}
        have = [row for row in rows if ranks[row["id"]]]
        missing = [row for row in rows if not ranks[row["id"]]]
        pick = max if descending else min
        # A sort is stable, also in reverse: rows that are equal here keep the order they have.
        have.sort(key=lambda row: pick(ranks[row["id"]]), reverse=descending)
        rows = have + missing
    return rows


def order(world: World, resource: Resource, code: str) -> list[Any]:
    """Give what the values of a parameter sort by; one may be several."""
    kind = KINDS[definition(resource, code)["type"]]
    found = [kind.order(value, world) for value in values(world, resource, code)]
    flat = [one for each in found for one in (each if isinstance(each, list) else [each])]
    return [one for one in flat if one is not None]
