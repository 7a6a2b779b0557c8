"""String parameters: folded beginnings and parts, and `:exact` for the letters as written.

https://hl7.org/fhir/R4/search.html#string
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Invalid
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


def fields(param: SearchParam, values: Iterable[tuple[str, Any]], _place: Place) -> dict[str, Any]:
    """Give the folded strings, the originals under `:exact`, and whole values under `:sort`.

    A name or address text is found from any of its words on.
    """
    folded: dict[str, None] = {}
    exact: dict[str, None] = {}
    order: dict[str, None] = {}
    for kind, value in values:
        whole = _whole(kind, value)
        order[fold(whole[:LENGTH])] = None
        if kind in _PARTS:
            folded.update(dict.fromkeys(suffixes(fold(whole[:LENGTH]), WORDS)))
        for text in _texts(kind, value):
            folded[fold(text[:LENGTH])] = None
            exact[_exact(text)] = None
    found = {
        param.code: [text for text in folded if text],
        f"{param.code}:exact": list(exact),
        f"{param.code}:sort": [text for text in order if text],
    }
    return {name: texts for name, texts in found.items() if texts}


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
    return unicodedata.normalize("NFC", text[:DECOMPOSED])[:LENGTH]


def _texts(kind: str, value: Any) -> Iterator[str]:
    """Yield every string of a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name in _PARTS.get(kind, ()):
            inner = value.get(name)
            for text in inner if isinstance(inner, list) else [inner]:
                if isinstance(text, str):
                    yield text


def _whole(kind: str, value: Any) -> str:
    """Give a value as one line: a name's text, else family and given in the Vietnamese order."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        return str(value["text"])
    return " ".join(_texts(kind, value))
