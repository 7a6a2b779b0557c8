"""Token parameters: codes and identifiers, indexed as `system|code` and `*|code`.

What a code is called stands under `:text`, folded, each text behind a space so that every word has
one in front; the types of identifiers under `:of-type`, as `system|code|value`.
https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from fhir_server.fhir.errors import Invalid
from fhir_server.search.collect import Alone, Writes, by_type
from fhir_server.search.condition import AnyOf, Between, Coded, Condition, Contains, Not, either
from fhir_server.search.escape import split, unescape
from fhir_server.search.fold import fold
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

Entries: TypeAlias = dict[str, None]
Texts: TypeAlias = list[str] | None
Modifier = Callable[[SearchParam, Sequence[str], Place], Condition]

ANY_SYSTEM = "*"
# Longer texts are found by their beginning.
LENGTH = 256


def entries(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Give the index strings of (system, code) pairs, without repetition."""
    found: Entries = {}
    for system, code in pairs:
        enter(found, system, code)
    return list(found)


def enter(found: Entries, system: str, code: str) -> None:
    """Add the index strings of a code."""
    name = _escaped(system) if "|" in system or system == ANY_SYSTEM else system
    found[f"{name}|{code}"] = found[f"*|{code}"] = None


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


def _plain(
    value: Any, _place: Place, found: Entries, _texts: Texts = None, _types: Texts = None
) -> None:
    if value is True or value is False:
        value = "true" if value else "false"
    if isinstance(value, str) and value:
        found[f"|{value}"] = found[f"*|{value}"] = None


def _contact(
    value: Any, place: Place, found: Entries, _texts: Texts = None, _types: Texts = None
) -> None:
    """Add a ContactPoint; its system is a code such as phone, not the namespace of the value."""
    number = value.get("value")
    _plain(number if isinstance(number, str) else "", place, found)


def _coding(
    value: Any, _place: Place, found: Entries, texts: Texts = None, _types: Texts = None
) -> None:
    get = value.get
    code, system = get("code"), get("system")
    if isinstance(code, str) and code:
        enter(found, system if isinstance(system, str) else "", code)
    if texts is not None and "display" in value:
        _call(texts, value["display"])


def _concept(
    value: Any, place: Place, found: Entries, texts: Texts = None, _types: Texts = None
) -> None:
    if texts is not None and "text" in value:
        _call(texts, value["text"])
    for one in value.get("coding", ()):
        _coding(one, place, found, texts)


def _identifier(
    value: Any, _place: Place, found: Entries, texts: Texts = None, types: Texts = None
) -> None:
    number, system, type_ = value.get("value"), value.get("system"), value.get("type")
    if isinstance(number, str) and number:
        enter(found, system if isinstance(system, str) else "", number)
    if texts is not None and types is not None and isinstance(type_, dict):
        _call(texts, type_.get("text"))
        types += _typed(type_, number) if isinstance(number, str) else ()


_OBJECTS = {
    "CodeableConcept": _concept,
    "Coding": _coding,
    "Identifier": _identifier,
    "ContactPoint": _contact,
}
_ADDS = by_type(_OBJECTS, _plain)


def _alone(content: str, code: str) -> Alone | None:
    def alone(fields: dict[str, Any], value: Any, _place: Place) -> bool:
        if type(value) is not str or not value:
            return False
        fields[code] = [f"|{value}", f"*|{value}"]
        return True

    return None if content in _OBJECTS else alone


def _call(texts: list[str], text: Any) -> None:
    """Add what something is called."""
    if isinstance(text, str) and (words := _words(text[:LENGTH])):
        texts.append(words)


@lru_cache(maxsize=4096)
def _words(text: str) -> str:
    """Fold a text that comes again and again: what codes are called."""
    folded = fold(text)
    return f" {folded}" if folded else ""


def _typed(type_: Mapping[str, Any], number: str) -> Iterator[str]:
    for one in type_.get("coding", ()):
        system, code = one.get("system"), one.get("code")
        if isinstance(system, str) and system and isinstance(code, str) and code:
            yield _type(system, code, number)


def _type(system: str, code: str, value: str) -> str:
    return f"{_escaped(system)}|{_escaped(code)}|{value}"


# The codes, what they are called, the types of identifiers.
WRITES = Writes(_ADDS, {"": dict, ":text": list, ":of-type": list}, alone=_alone)
# What a token without a modifier asks.
CODES = Writes(_ADDS, {"": dict})
