"""`_text` and `_content`: the words a person reads in a resource, folded.

https://hl7.org/fhir/R4/search.html#content
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from html import unescape as characters
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Condition, both, either
from fhir_server.search.escape import unescape
from fhir_server.search.fold import fold
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam
from fhir_server.spec.structures import Structures

TEXT, CONTENT = "_text", "_content"
# Of each of the two fields; what is beyond is not found.
MAX_WORDS = 1_000
MAX_LETTERS = 100_000
LENGTH = 32

# A tag, its attributes in quotes; `<` stands in neither.
_TAG = re.compile(r"""<(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>""")
_READ = frozenset({"string", "markdown", "xhtml"})
# Strings by their type, but no text: they have search parameters of their own.
_UNREAD = frozenset({("Reference", "reference"), ("Identifier", "value"), ("Coding", "version")})
_LANGUAGE = re.compile(r"[()]|\b(?:AND|OR|NOT)\b")


def fields(structures: Structures, resource: Mapping[str, Any]) -> dict[str, list[str]]:
    """Give the words of the narrative, and under `_content` those of all other text.

    Text is what is of type string or markdown, in what is contained and in extensions too, and
    the narrative of what is contained.
    """
    narrative = resource.get("text")
    div = narrative.get("div") if isinstance(narrative, dict) else None
    text = _words([_plain(div)] if isinstance(div, str) else [])
    type_ = resource["resourceType"]
    rest = {name: value for name, value in resource.items() if name != "text"}
    content = _words(_texts(structures, type_, rest), known=text)
    found = {TEXT: list(text), CONTENT: list(content)}
    return {name: words for name, words in found.items() if words}


def _is_read(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    names = (TEXT,) if param.code == TEXT else (CONTENT, TEXT)
    return either(*(_all_of(names, unescape(value)) for value in alternatives))


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _is_read,
}


def _all_of(names: Iterable[str], value: str) -> Condition:
    if _LANGUAGE.search(value):
        told = "write words that must all occur; a comma stands for `or`. Brackets and AND, OR, NOT"
        raise Invalid(f"{told} are not understood.", code="not-supported")
    words = list(dict.fromkeys(word[:LENGTH] for word in fold(value).split()))
    if not words:
        raise Invalid(f"{value[:64]!r} has neither letter nor digit to look for.", code="value")
    return both(*(either(*(AnyOf(f"x.{name}", (word,)) for name in names)) for word in words))


def _words(texts: Iterable[str], known: Iterable[str] = ()) -> dict[str, None]:
    """Give the words of the texts that are not known, in the order they are met."""
    seen = frozenset(known)
    found: dict[str, None] = {}
    letters = 0
    for text in texts:
        for word in text[: MAX_LETTERS - letters].split():
            found.update(dict.fromkeys(_folded(word)))
        letters += len(text)
        if letters >= MAX_LETTERS or len(found) >= MAX_WORDS + len(seen):
            break
    kept = (word for word in found if word not in seen)
    return dict.fromkeys(word for _, word in zip(range(MAX_WORDS), kept, strict=False))


@lru_cache(maxsize=16_384)
def _folded(word: str) -> tuple[str, ...]:
    return tuple(part[:LENGTH] for part in fold(word[: 4 * LENGTH]).split())


def _plain(div: str) -> str:
    return characters(_TAG.sub(" ", div))


def _texts(structures: Structures, content: str, value: Mapping[str, Any]) -> Iterator[str]:
    """Yield every text of an element and of what stands in it."""
    readable = _readable(structures, content)
    for name, inner in value.items():
        type_ = readable.get(name)
        if type_ is None:
            continue
        for one in inner if isinstance(inner, list) else (inner,):
            if isinstance(one, str):
                yield _plain(one) if type_ == "xhtml" else one
            elif isinstance(one, dict):
                yield from _texts(structures, one.get("resourceType", type_), one)


@lru_cache(maxsize=4_096)
def _readable(structures: Structures, content: str) -> dict[str, str]:
    """Give the properties of a content that are text or may have some inside, and their content."""
    return {
        name: key.content
        for name, key in structures.keys(content).items()
        if (content, name) not in _UNREAD
        and (key.type in _READ or _holds_others(structures, key.type))
    }


def _holds_others(structures: Structures, type_: str) -> bool:
    return structures.knows(type_) and not structures.primitive(type_)
