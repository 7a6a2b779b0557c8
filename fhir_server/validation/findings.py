"""Findings: what base rules and profiles say of a place, and the visit in which they look.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue, Severity
from fhir_server.spec.spec import Spec
from fhir_server.validation.entries import Entries, entries_of
from fhir_server.validation.questions import Questions

Resource: TypeAlias = Mapping[str, Any]
# (location below the value looked at, severity, issue code, sentence)
Finding: TypeAlias = tuple[str, Severity, str, str]
Findings: TypeAlias = list[Finding]
# (value set, system, code) → is the code in it? None where that cannot be told; a code without a
# system is asked with ''.
Member: TypeAlias = Callable[[str, str, str], bool | None]

# Errors after which a walk looks no further; others that are kept.
ENOUGH = 100
# Bytes of a resource that is looked at without counting steps.
MAX_PLAIN = 65_536
# What the JSON of a companion of a primitive has, and of a string that starts so.
_COMPANION = b'"_'


@dataclass(frozen=True, slots=True, eq=False)
class Definitions:
    """What came with the server: types, codes, and profiles by canonical."""

    spec: Spec
    member: Member = lambda _value_set, _system, _code: None
    profile: Callable[[str], Resource | None] = lambda _canonical: None
    # (value, UCUM code) → the quantity in base units
    canonical: Callable[[Decimal, str], tuple[Decimal, str] | None] = lambda _value, _code: None


class Visit(msgspec.Struct):
    """One resource being looked at.

    `resource` is the one the element stands in; `root` the one that contains it, or itself;
    `bundle` the entries of the innermost Bundle around it. `ids` are the element ids met so far.
    """

    definitions: Definitions
    questions: Questions
    resource: Resource
    root: Resource
    bundle: Entries | None = None
    ids: set[str] = msgspec.field(default_factory=set)
    environment: Any = None
    entries: Entries | None = None
    written: bytes = b""
    plain: bool | None = None

    def text(self) -> bytes:
        """Give the JSON of the resource."""
        if not self.written:
            self.written = json.dump(self.resource)
        return self.written

    def is_plain(self) -> bool:
        """Say whether the resource has no companions of primitives, and is not large."""
        if self.plain is None:
            text = self.text()
            # One letter is looked for much faster than two.
            named = b"_" in text and _COMPANION in text
            self.plain = len(text) <= MAX_PLAIN and not named
        return self.plain

    def around(self) -> Entries | None:
        """Give the entries of the innermost Bundle around what stands in this resource."""
        if self.resource.get("resourceType") != "Bundle":
            return self.bundle
        if self.entries is None:
            self.entries = entries_of(self.resource)
        return self.entries

    def member(self, value_set: str, system: str, code: str) -> bool | None:
        """Say whether a code is in a value set: from what came with the server, else by asking."""
        known = self.definitions.member(value_set, system, code)
        if known is None:
            answer: bool | None = self.questions.ask("member", value_set, system, code)
            return answer
        return known


# (value, visit) → what is to be said of it, or None
Rule: TypeAlias = Callable[[Any, Visit], Findings | None]


def error(code: str, told: str, place: str = "") -> Findings:
    """Give one finding that refuses the resource."""
    return [(place, "error", code, told)]


def warning(code: str, told: str, place: str = "") -> Findings:
    """Give one finding that only warns."""
    return [(place, "warning", code, told)]


def enough(found: Findings) -> bool:
    """Say whether a walk has found enough errors to stop; of the others it keeps the first."""
    if len(found) < ENOUGH:
        return False
    errors = [one for one in found if one[1] == "error"]
    if len(errors) < ENOUGH <= len(found) - len(errors):
        others = [one for one in found if one[1] != "error"]
        found[:] = [*errors, *others[:ENOUGH]]
    return len(errors) >= ENOUGH


def below(place: str, found: Findings) -> Findings:
    """Give findings as seen from above `place`."""
    return [(place + inner, severity, code, told) for inner, severity, code, told in found]


def issues_of(root: str, found: Findings) -> list[Issue]:
    """Give the issues of a resource of type `root`, errors first."""
    if not found:
        return []
    made = [Issue(code, told, root + place, severity) for place, severity, code, told in found]
    return sorted(made, key=lambda issue: issue.severity != "error")
