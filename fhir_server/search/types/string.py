"""String parameters: folded beginnings and parts, and `:exact` for the letters as written.

https://hl7.org/fhir/R4/search.html#string
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from fhir_server.fhir.errors import Invalid
from fhir_server.search.collect import Add, Alone, Writes
from fhir_server.search.condition import AnyOf, Condition, Contains, either, prefix
from fhir_server.search.escape import unescape
from fhir_server.search.fold import fold, suffixes
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

# Longer texts are found, and compared, by their beginning.
LENGTH = 256
# A Vietnamese letter composes of at most three code points. Putting a long run of accents in order,
# as Unicode asks, takes the square of its length.
DECOMPOSED = 3 * LENGTH
WORDS = 16

_PARTS = {
    "HumanName": ("text", "family", "given", "prefix", "suffix"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
}


Texts: TypeAlias = dict[str, None]


def _adds(kind: str) -> Add:
    return partial(_of_parts, _PARTS[kind]) if kind in _PARTS else _of_text


def _of_text(value: Any, _place: Place, folded: Texts, exact: Texts, order: Texts) -> None:
    """Add a text: folded, as written, and folded for the order."""
    if not isinstance(value, str):
        return
    if whole := fold(value[:LENGTH]):
        folded[whole] = order[whole] = None
    exact[_exact(value)] = None


def _of_parts(
    parts: Sequence[str], value: Any, _place: Place, folded: Texts, exact: Texts, order: Texts
) -> None:
    """Add a name or an address: it is found from any of its words on."""
    texts = _texts(parts, value)
    if whole := fold(_whole(value, texts)[:LENGTH]):
        order[whole] = None
        folded.update(dict.fromkeys(suffixes(whole, WORDS)))
    for text in texts:
        if part := fold(text[:LENGTH]):
            folded[part] = None
        exact[_exact(text)] = None


def _alone(content: str, code: str) -> Alone | None:
    exact, order = f"{code}:exact", f"{code}:sort"

    def alone(fields: dict[str, Any], value: Any, _place: Place) -> bool:
        if type(value) is not str:
            return False
        whole = fold(value[:LENGTH])
        if whole:
            fields[code] = [whole]
        fields[exact] = [_exact(value)]
        if whole:
            fields[order] = [whole]
        return True

    return None if content in _PARTS else alone


# The folded strings, the originals under `:exact`, whole values under `:sort`.
WRITES = Writes(_adds, {"": dict, ":exact": dict, ":sort": dict}, alone=_alone)


def _starts(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return either(*(prefix(f"x.{param.code}", _folded(text)) for text in alternatives))


def _contains(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return either(*(Contains(f"x.{param.code}", _folded(text)) for text in alternatives))


def _is_exactly(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    texts = tuple(_exact(unescape(text)) for text in alternatives)
    return AnyOf(f"x.{param.code}:exact", texts)


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _starts,
    "exact": _is_exactly,
    "contains": _contains,
}


def _folded(text: str) -> str:
    folded = fold(unescape(text)[:LENGTH])
    if not folded:
        raise Invalid(f"{text[:64]!r} has neither letter nor digit to look for.", code="value")
    return folded


def _exact(text: str) -> str:
    if text.isascii():
        return text[:LENGTH]
    return unicodedata.normalize("NFC", text[:DECOMPOSED])[:LENGTH]


def _texts(parts: Sequence[str], value: Any) -> Sequence[str]:
    """Give every string of a value."""
    if isinstance(value, str):
        return (value,)
    found: list[str] = []
    if isinstance(value, dict):
        for name in parts:
            inner = value.get(name)
            if isinstance(inner, str):
                found.append(inner)
            elif isinstance(inner, list):
                found += [text for text in inner if isinstance(text, str)]
    return found


def _whole(value: Any, texts: Sequence[str]) -> str:
    """Give a value as one line: a name's text, else family and given in the Vietnamese order."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return str(value["text"])
    return " ".join(texts)
