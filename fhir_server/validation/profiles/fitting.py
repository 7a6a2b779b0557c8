"""Patterns as Python source: whether a value has all that a pattern has, where that is texts alone.

https://hl7.org/fhir/R4/elementdefinition.html#ElementDefinition.pattern_x_
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.fhirpath.language.written import NotPlain
from fhir_server.spec.structures import Structures


def fitting(structures: Structures, content: str, value: str, pattern: Any, depth: int = 0) -> str:
    """Give what is true where `value`, an expression, has all of a pattern.

    It is a well-built `content` without companions of primitives. Raises NotPlain for a pattern of
    another type, and for one that has more than texts.
    """
    match pattern:
        case str():
            return f"{value} == {pattern!r}"
        case dict() if pattern:
            named = [*_parts(structures, content, value, pattern, depth)]
            return f"({' and '.join(named)})"
        case _:
            raise NotPlain


def _parts(
    structures: Structures, content: str, value: str, pattern: dict[str, Any], depth: int
) -> Iterator[str]:
    for name, inner in pattern.items():
        key = structures.keys(content).get(name)
        if key is None or not inner or (key.element.max == "1") == (type(inner) is list):
            raise NotPlain
        primitive = structures.primitive(key.type)
        for one in inner if type(inner) is list else (inner,):
            if primitive == (type(one) is dict):
                raise NotPlain
            if type(inner) is list:
                item = f"p{depth}"
                told = fitting(structures, key.content, item, one, depth + 1)
                yield f"any({told} for {item} in {value}.get({name!r}, ()))"
            else:
                there = f"{value}.get({name!r})" if primitive else f"{value}.get({name!r}, {{}})"
                yield fitting(structures, key.content, there, one, depth)
