"""SMART scopes, v1 and v2: from text to value and back, and their algebra.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from fhir_server.access.caller import Level
from fhir_server.spec.spec import Spec

Parameter: TypeAlias = tuple[str, str]

LETTERS = "cruds"
MAX_LENGTH = 1_000
MAX_PARAMETERS = 10

# https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
_V1 = {"read": "rs", "write": "cud", "*": "cruds"}
_V1_WORDS = {letters: word for word, letters in _V1.items()}

_WORDS = frozenset({"openid", "fhirUser", "launch", "offline_access", "online_access"})
_CONTEXT = re.compile(r"launch/([a-z]+)(\?role=[!#-\[\]-~]+)?")
_LABEL = re.compile(r"label/[A-Z][A-Z0-9_-]{0,31}")
_OPERATION = re.compile(r"\$[a-z][a-z0-9-]{0,63}")
_V2_LETTERS = re.compile("c?r?u?d?s?")
# https://www.rfc-editor.org/rfc/rfc6749#section-3.3, without `%`: a value is written as it is.
_CHARACTERS = re.compile(r"[!#$&-\[\]-~]+")


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """One scope; `word` alone where it is about no resource, such as `openid` or `label/HIV`.

    `type` may be `*`. `parameters` are search parameters that must all hold, in order of name.
    `operation` is `$name`, with no type and no letters. `v1`: it was asked for in the words of
    SMART 1 and is answered in them, which changes nothing else.
    """

    level: Level = ""
    type: str = ""
    letters: str = ""
    parameters: tuple[Parameter, ...] = ()
    operation: str = ""
    word: str = ""
    v1: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        """Give the text `parse` reads."""
        if self.word:
            return self.word
        if self.operation:
            return f"{self.level}/{self.operation}"
        old = _V1_WORDS.get(self.letters) if self.v1 and not self.parameters else None
        asked = "&".join(f"{name}={value}" for name, value in self.parameters)
        return f"{self.level}/{self.type}.{old or self.letters}" + (f"?{asked}" if asked else "")


def parse(text: str, spec: Spec) -> Scope:
    """Read one scope; types and search parameters are those of the spec.

    Raises ValueError, which says why, for what is no scope here. That a parameter's value can be
    searched for is not asked.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"A scope has at most {MAX_LENGTH} characters.")
    if not _CHARACTERS.fullmatch(text):
        raise ValueError(
            f"{text!a} is no scope: its characters are those of ASCII you can see, "
            'without " \\ and %; values are written as they are.'
        )
    level, _, rest = text.partition("/")
    if level not in spec.levels or level == text:
        return _word(text, spec)
    return _operation(level, rest, spec) if rest.startswith("$") else _access(level, rest, spec)


def each(text: str, spec: Spec) -> tuple[Scope, ...]:
    """Read the `scope` of OAuth: scopes with spaces between; ValueError for the first bad one."""
    return tuple(dict.fromkeys(parse(one, spec) for one in text.split(" ") if one))


def levels(scopes: Iterable[Scope]) -> frozenset[str]:
    """Give whose data the scopes are about; `system` goes with no other level."""
    return frozenset(scope.level for scope in scopes if scope.level)


def granted_to(whose: str, scope: Scope, spec: Spec) -> bool:
    """Say whether a `user`, or a `system`, may be granted a scope; a word is for users."""
    return (spec.levels[scope.level] if scope.level else "user") in {whose, "both"}


def covers(wide: Scope, narrow: Scope) -> bool:
    """Say whether all that the second scope allows is allowed by the first alone.

    A partial order. Different levels do not cover each other: whose data they reach differs.
    """
    same = (wide.level, wide.word, wide.operation) == (narrow.level, narrow.word, narrow.operation)
    return (
        same
        and wide.type in {"*", narrow.type}
        and set(narrow.letters) <= set(wide.letters)
        and all(any(_implies(one, other) for one in narrow.parameters) for other in wide.parameters)
    )


def intersection(left: Scope, right: Scope) -> Scope | None:
    """Give the scope that allows what both do, None for nothing: the greatest both cover."""
    same = (left.level, left.word, left.operation) == (right.level, right.word, right.operation)
    if not same or not (left.type == right.type or "*" in {left.type, right.type}):
        return None
    letters = "".join(one for one in LETTERS if one in left.letters and one in right.letters)
    if left.type and not letters:
        return None
    return replace(
        left,
        type=right.type if left.type == "*" else left.type,
        letters=letters,
        parameters=_normal((*left.parameters, *right.parameters)),
        v1=left.v1 or right.v1,
    )


def union(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Give the normal form of all scopes together: the same allowed, letters joined, in order.

    No scope of it covers another.
    """
    joined: dict[Scope, Scope] = {}
    for scope in scopes:
        key = replace(scope, letters="")
        joined[key] = _joined(joined[key], scope) if key in joined else scope
    return tuple(
        sorted(
            one
            for one in joined.values()
            if not any(covers(other, one) for other in joined.values() if other != one)
        )
    )


def narrowed(granted: Sequence[Scope], wanted: Iterable[Scope]) -> tuple[Scope, ...]:
    """Give what of the wanted scopes the granted ones cover, in the order wanted.

    A scope that one of the granted covers is given as it was asked for; of another what is left.
    """
    kept: list[Scope] = []
    for one in wanted:
        if any(covers(scope, one) for scope in granted):
            kept.append(one)
        else:
            parts = (intersection(one, scope) for scope in granted)
            kept += (replace(part, v1=one.v1) for part in union(part for part in parts if part))
    return tuple(dict.fromkeys(kept))


def _word(text: str, spec: Spec) -> Scope:
    context = _CONTEXT.fullmatch(text)
    if context and context[1] in {type_.lower() for type_ in spec.types}:
        return Scope(word=text)
    if text in _WORDS or _LABEL.fullmatch(text):
        return Scope(word=text)
    raise ValueError(
        f"{text!a} is no scope here; a scope reads like patient/Observation.rs, launch/patient, "
        "openid or label/HIV."
    )


def _operation(level: Level, name: str, spec: Spec) -> Scope:
    if spec.levels[level] == "user":
        fitting = " or ".join(one for one, whose in spec.levels.items() if whose != "user")
        raise ValueError(f"{level}/{name}: scopes of operations are of level {fitting}.")
    if not _OPERATION.fullmatch(name):
        raise ValueError(f"{name!a} is no name of an operation, such as $submit-document.")
    return Scope(level, operation=name)


def _access(level: Level, rest: str, spec: Spec) -> Scope:
    head, question, query = rest.partition("?")
    type_, dot, permission = head.partition(".")
    if type_ != "*" and type_ not in spec.types:
        raise ValueError(f"{type_!a} is no resource type here.")
    old = permission in _V1
    letters = _V1.get(permission, permission)
    if not dot or not letters or not _V2_LETTERS.fullmatch(letters):
        raise ValueError(
            f"{level}/{rest}: after the dot stand one or more letters of cruds in this order, or "
            "read, write or * as in SMART 1."
        )
    if question and old:
        raise ValueError(f"{level}/{rest}: search parameters go with letters, such as .rs?…")
    parameters = _parameters(type_, query, spec) if question else ()
    return Scope(level, type_, letters, parameters, v1=old)


def _parameters(type_: str, query: str, spec: Spec) -> tuple[Parameter, ...]:
    pairs = [one.partition("=") for one in query.split("&")]
    if len(pairs) > MAX_PARAMETERS:
        raise ValueError(f"A scope has at most {MAX_PARAMETERS} search parameters.")
    known = spec.search_params("Basic" if type_ == "*" else type_)
    for name, _, value in pairs:
        # What every type has starts with an underscore; _filter, _text and the like are no match.
        found = known.get(name) if type_ != "*" or name.startswith("_") else None
        if found is None or found.type == "special":
            raise ValueError(
                f"{name!a} is no search parameter of {type_} that a scope may have; "
                "modifiers and chains are none."
            )
        if not all(value.split(",")):
            raise ValueError(f"{name}: a search parameter of a scope has values, {name}=value.")
    return _normal((name, value) for name, _, value in pairs)


def _normal(parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """Order parameters and their values, and drop those that another implies."""
    each_ = {(name, ",".join(sorted(set(value.split(","))))) for name, value in parameters}
    return tuple(
        sorted(
            one for one in each_ if not any(_implies(other, one) for other in each_ if other != one)
        )
    )


def _implies(narrow: Parameter, wide: Parameter) -> bool:
    """Say whether what meets the first meets the second: a comma in a value is an or."""
    return narrow[0] == wide[0] and set(narrow[1].split(",")) <= set(wide[1].split(","))


def _joined(left: Scope, right: Scope) -> Scope:
    letters = "".join(one for one in LETTERS if one in left.letters or one in right.letters)
    return replace(left, letters=letters, v1=left.v1 and right.v1)


def text_of(scopes: Iterable[Scope]) -> str:
    """Give the `scope` of OAuth, each scope once."""
    return " ".join(dict.fromkeys(map(str, scopes)))
