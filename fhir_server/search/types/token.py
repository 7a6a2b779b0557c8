"""Token parameters: codes and identifiers, indexed as `system|code` and `*|code`.

What a code is called stands under `:text`, folded, each text behind a space so that every word has
one in front; the types of identifiers under `:of-type`, as `system|code|value`.
https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Between, Coded, Condition, Contains, Not, either
from fhir_server.search.escape import split, unescape
from fhir_server.search.fold import fold
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

Modifier = Callable[[SearchParam, Sequence[str], Place], Condition]

ANY_SYSTEM = "*"
# Longer texts are found by their beginning.
LENGTH = 256


def fields(param: SearchParam, values: Iterable[tuple[str, Any]], place: Place) -> dict[str, Any]:
    """Give the codes of Coding, CodeableConcept, Identifier, … values, their texts and types."""
    values = list(values)
    found = codes(param, values, place)
    for kind, value in values:
        if kind in _TEXTS:
            for text in _TEXTS[kind](value):
                found.setdefault(f"{param.code}:text", []).append(text)
        if kind == "Identifier":
            for text in _typed(value):
                found.setdefault(f"{param.code}:of-type", []).append(text)
    return found


def codes(param: SearchParam, values: Iterable[tuple[str, Any]], _place: Place) -> dict[str, Any]:
    """Give `{code: [two strings per value]}`, which is what a token without a modifier asks."""
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


def asked(
    field: str, alternatives: Sequence[str], systems: frozenset[str] = frozenset()
) -> Condition:
    """Hold when one of the array's strings is one of `code`, `system|code`, `|code`, `system|`.

    `systems` are those that codes without a system are of.
    """
    wanted: list[str] = []
    ranges: list[Condition] = []
    for alternative in alternatives:
        system, *code = (unescape(part) for part in split(alternative, "|", 1))
        if not code:
            wanted.append(f"{ANY_SYSTEM}|{system}")
        elif code[0]:
            wanted.append(f"{_escaped(system)}|{code[0]}")
            wanted += [f"|{code[0]}"] if system in systems else []
        elif system:
            starts = [f"{_escaped(system)}|", *(["|"] if system in systems else [])]
            ranges += [Between(field, start, start + "\U0010ffff") for start in starts]
        else:
            raise Invalid("A token needs a code, a system, or both.", code="value")
    return either(*([AnyOf(field, tuple(wanted))] if wanted else []), *ranges)


def _is(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return asked(f"x.{param.code}", alternatives, param.systems)


def _is_not(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    return Not(_is(param, alternatives, place))


def _is_called(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    folded = [(text, fold(unescape(text)[:LENGTH])) for text in alternatives]
    for text, words in folded:
        if not words:
            raise Invalid(f"{text[:64]!r} has neither letter nor digit to look for.", code="value")
    return either(*(Contains(f"x.{param.code}:text", f" {words}") for _, words in folded))


def _of_type(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    wanted = []
    for alternative in alternatives:
        parts = [unescape(part) for part in split(alternative, "|")]
        if len(parts) != 3 or not all(parts):  # noqa: PLR2004 (system, code, value)
            raise Invalid(f"{alternative[:64]!r} has to be system|code|value.", code="value")
        wanted.append(_type(*parts))
    return AnyOf(f"x.{param.code}:of-type", tuple(wanted))


def _in(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    field = f"x.{param.code}"
    return either(*(Coded(field, "in", unescape(url), param.systems) for url in alternatives))


def _not_in(param: SearchParam, alternatives: Sequence[str], place: Place) -> Condition:
    return Not(_in(param, alternatives, place))


def _related(way: Literal["above", "below"]) -> Modifier:
    def related(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
        wanted = [_system_and_code(param, text) for text in alternatives]
        return either(*(Coded(f"x.{param.code}", way, one, param.systems) for one in wanted))

    return related


def _system_and_code(param: SearchParam, text: str) -> str:
    system, *code = (unescape(part) for part in split(text, "|", 1))
    if not code and len(param.systems) == 1:
        system, code = next(iter(param.systems)), [system]
    if not (code and system and code[0]):
        raise Invalid(f"{text[:64]!r} has to be system|code.", code="value")
    return f"{system}|{code[0]}"


MODIFIERS: Mapping[str, Modifier] = {
    "": _is,
    "not": _is_not,
    "text": _is_called,
    "of-type": _of_type,
    "in": _in,
    "not-in": _not_in,
    "above": _related("above"),
    "below": _related("below"),
}


def _over(*types: str) -> Callable[[SearchParam], bool]:
    return lambda param: not param.contents.isdisjoint(types)


_CODES = _over("CodeableConcept", "Coding", "code")

# Modifiers that make sense of some FHIR types only.
ONLY: Mapping[str, Callable[[SearchParam], bool]] = {
    "text": _over("CodeableConcept", "Coding", "Identifier"),
    "of-type": _over("Identifier"),
    **dict.fromkeys(("in", "not-in", "above", "below"), _CODES),
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


def _of_concept(value: Any) -> Iterator[str]:
    yield from _text(value.get("text"))
    for coding in value.get("coding", ()):
        yield from _text(coding.get("display"))


def _of_identifier(value: Any) -> Iterator[str]:
    type_ = value.get("type")
    yield from _text(type_.get("text") if isinstance(type_, dict) else None)


_TEXTS: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "CodeableConcept": _of_concept,
    "Coding": lambda value: _text(value.get("display")),
    "Identifier": _of_identifier,
}


def _text(text: Any) -> Iterator[str]:
    if isinstance(text, str) and (words := _words(text[:LENGTH])):
        yield words


@lru_cache(maxsize=4096)
def _words(text: str) -> str:
    """Fold a text that comes again and again: what codes are called."""
    folded = fold(text)
    return f" {folded}" if folded else ""


def _typed(value: Mapping[str, Any]) -> Iterator[str]:
    type_, number = value.get("type"), value.get("value")
    if isinstance(type_, dict) and isinstance(number, str):
        for system, code in _pairs("CodeableConcept", type_):
            if system:
                yield _type(system, code, number)


def _type(system: str, code: str, value: str) -> str:
    return f"{_escaped(system)}|{_escaped(code)}|{value}"
