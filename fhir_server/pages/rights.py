"""What an app asks for, in plain words: a line and a box for each scope, none left out.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from fhir_server.access.scopes import Scope, parse
from fhir_server.pages.words import isolated, say
from fhir_server.spec.spec import Spec

# Which words stand for the letters of a scope, in the order they are read.
_LETTERS = (("see", "rs"), ("add", "c"), ("change", "u"), ("delete", "d"))


@dataclass(frozen=True, slots=True)
class Right:
    """One scope: `text` says it, `scope` is what is granted where its box stays ticked."""

    scope: str
    text: Markup


@dataclass(frozen=True, slots=True)
class Group:
    """The rights about the same data; `key` names the heading."""

    key: str
    rights: tuple[Right, ...]


def groups(texts: Mapping[str, str], scopes: Sequence[str], spec: Spec) -> list[Group]:
    """Give every scope asked for once, grouped by whose data it is about."""
    told = sorted(((_level(one), one) for one in dict.fromkeys(scopes)), key=lambda pair: pair[0])
    return [
        Group(f"rights.{key}", tuple(Right(one, text(texts, one, spec)) for _, one in same))
        for key, same in groupby(told, key=lambda pair: pair[0])
    ]


def text(texts: Mapping[str, str], scope: str, spec: Spec) -> Markup:
    """Give one scope in plain words; one that has none is shown as it is."""
    if f"scope.{scope}" in texts:
        return say(texts, f"scope.{scope}")
    read = _read(scope, spec)
    if read is None:
        return isolated(scope)
    may = ", ".join(_may(texts, read))
    what = say(texts, "right", may=may, what=name(texts, read.type))
    return Markup("").join((what, *_only(texts, read)))


def name(texts: Mapping[str, str], type_: str) -> Markup:
    """Give a resource type in plain words; one that has none is shown as it is."""
    key = f"type.{type_}"
    return say(texts, key) if key in texts else isolated(type_)


def _level(scope: str) -> str:
    level = scope.partition("/")[0]
    return level if level in ("patient", "user", "system") and "/" in scope else "about"


def _read(scope: str, spec: Spec) -> Scope | None:
    """Give a scope about resources; None for a word, or what is none here (any more)."""
    try:
        read = parse(scope, spec)
    except ValueError:
        return None
    return read if read.type else None


def _may(texts: Mapping[str, str], scope: Scope) -> Iterator[Markup]:
    return (
        say(texts, f"may.{word}")
        for word, letters in _LETTERS
        if any(letter in scope.letters for letter in letters)
    )


def _only(texts: Mapping[str, str], scope: Scope) -> Iterator[Markup]:
    for parameter, values in scope.parameters:
        told = Markup(", ").join(_value(texts, one) for one in values.split(","))
        yield say(texts, "right.only", name=isolated(parameter), value=told)


def _value(texts: Mapping[str, str], value: str) -> Markup:
    key = f"value.{value.rpartition('|')[2]}"
    return say(texts, key) if key in texts else isolated(value)
