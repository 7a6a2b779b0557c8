"""What a page brings along: `_include`, `_revinclude`, again and again with `:iterate`.

https://hl7.org/fhir/R4/search.html#revinclude
"""

from collections.abc import Iterable
from typing import Any

from tests.oracle import references
from tests.oracle.definitions import Value, parameter
from tests.oracle.oracle import values
from tests.oracle.world import World

NAMES = ("_include", "_revinclude", "_include:iterate", "_revinclude:iterate")
Here = tuple[str, str]


def included(world: World, matches: set[Here], asked: Iterable[tuple[str, str]]) -> set[Here]:
    """Give type and id of everything that the matches bring along, none of them itself."""
    found: set[Here] = set()
    several = list(asked)
    while True:
        further = set(found)
        for name, value in several:
            iterates = name.endswith(":iterate")
            for here in matches | found if iterates else matches:
                further |= brought(world, here, name.partition(":")[0], value)
        further -= matches
        if further == found:
            return found
        found = further


def brought(world: World, here: Here, name: str, value: str) -> set[Here]:
    """Give what one resource brings along by one include; back, a canonical's version is free."""
    source, code, wanted = (*value.split(":"), "", "")[:3]
    if name == "_include":
        found = led(world, here, code or "*") if source in ("*", here[0]) else set()
        return {one for one in found if wanted in ("", one[0])}
    if wanted not in ("", here[0]):
        return set()
    return {
        (type_, id_)
        for type_ in (world.resources if source == "*" else [source])
        for id_ in world.resources.get(type_, {})
        if here in led(world, (type_, id_), code or "*", any_version=True)
    }


def led(world: World, here: Here, code: str, *, any_version: bool = False) -> set[Here]:
    """Give what a resource refers to by one parameter, or by any of its elements."""
    resource = world.find(*here)
    assert resource
    if code == "*":
        found = anywhere(resource)
    else:
        found = values(world, resource, code) if parameter(here[0], code) else []
    return {
        one for value in found for one in references.leads(value, world, any_version=any_version)
    }


def anywhere(json: Any) -> list[Value]:
    """Give every Reference inside, whatever the element that holds it."""
    if isinstance(json, list):
        return [found for one in json for found in anywhere(one)]
    if not isinstance(json, dict):
        return []
    own = [Value("Reference", json)] if isinstance(json.get("reference"), str) else []
    return own + [found for one in json.values() for found in anywhere(one)]
