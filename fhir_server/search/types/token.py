"""Token parameters: codes and identifiers, indexed as `system|code` and `*|code`.

https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Between, Condition, Not, either
from fhir_server.search.escape import split, unescape
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

ANY_SYSTEM = "*"


def fields(param: SearchParam, values: Iterable[tuple[str, Any]], _place: Place) -> dict[str, Any]:
    """Give `{code: [two strings per value]}` of Coding, CodeableConcept, Identifier, … values."""
    found = entries(pair for kind, value in values for pair in _pairs(kind, value))
    return {param.code: found} if found else {}


def entries(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Give the index strings of (system, code) pairs, without repetition."""
    found: dict[str, None] = {}
    for system, code in pairs:
        found[f"{_escaped(system)}|{code}"] = None
        found[f"{ANY_SYSTEM}|{code}"] = None
    return list(found)


def pairs(strings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Take index strings apart again into (system, code), each once."""
    for text in strings:
        system, _, code = text.partition("|")
        if system != ANY_SYSTEM:
            yield system.replace("%7C", "|").replace("%2A", ANY_SYSTEM), code


def asked(field: str, alternatives: Sequence[str]) -> Condition:
    """Hold when one of the array's strings is one of `code`, `system|code`, `|code`, `system|`."""
    wanted: list[str] = []
    ranges: list[Condition] = []
    for alternative in alternatives:
        system, *code = (unescape(part) for part in split(alternative, "|", 1))
        if not code:
            wanted.append(f"{ANY_SYSTEM}|{system}")
        elif code[0]:
            wanted.append(f"{_escaped(system)}|{code[0]}")
        elif system:
            start = f"{_escaped(system)}|"
            ranges.append(Between(field, start, start + "\U0010ffff"))
        else:
            raise Invalid("A token needs a code, a system, or both.", code="value")
    return either(*([AnyOf(field, tuple(wanted))] if wanted else []), *ranges)


def _is(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return asked(f"x.{param.code}", alternatives)


def _is_not(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return Not(asked(f"x.{param.code}", alternatives))


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _is,
    "not": _is_not,
}


def _escaped(system: str) -> str:
    """Keep the separator, and the sign for any system, out of a system."""
    if system == ANY_SYSTEM:
        return "%2A"
    return system.replace("|", "%7C")


def _pairs(kind: str, value: Any) -> Iterator[tuple[str, str]]:
    if kind == "CodeableConcept":
        for coding in value.get("coding", ()):
            yield from _pairs("Coding", coding)
    elif kind == "Coding":
        yield from _pair(value.get("system"), value.get("code"))
    elif kind == "Identifier":
        yield from _pair(value.get("system"), value.get("value"))
    elif kind == "ContactPoint":
        # Its system is a code such as phone, not the namespace of the value.
        yield from _pair(None, value.get("value"))
    elif isinstance(value, bool):
        yield "", "true" if value else "false"
    else:
        yield from _pair(None, value)


def _pair(system: Any, code: Any) -> Iterator[tuple[str, str]]:
    if isinstance(code, str) and code:
        yield system if isinstance(system, str) else "", code
