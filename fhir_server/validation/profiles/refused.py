"""Checks and slices as Python conditions: when a check has something to say, what is in a slice.

They are of a value that is well built and has no companions of primitives.
"""

from collections.abc import Sequence
from typing import Any

from fhir_server.fhirpath.language.written import (
    NEVER,
    Named,
    NotPlain,
    Reach,
    Writer,
    any_of,
    doubted,
    has,
)
from fhir_server.spec.structures import Structures
from fhir_server.validation.profiles.bound import Bound
from fhir_server.validation.profiles.constraints import Constraint
from fhir_server.validation.profiles.discriminators import Equals, Has, Matcher, Matches
from fhir_server.validation.profiles.fitting import fitting
from fhir_server.validation.profiles.types import OneOf, Targeted
from fhir_server.validation.profiles.values import Like
from fhir_server.validation.profiles.walk import Check


class Conditions:
    """What writes conditions; `named` gives an object a name for the source."""

    __slots__ = ("_named", "_structures")

    def __init__(self, structures: Structures, named: Named) -> None:
        """Take the definitions, and what names objects."""
        self._structures, self._named = structures, named

    def refused(self, check: Check, content: str, value: str) -> str:
        """Give what is true where a check may have something to say of a value of a type."""
        match check:
            case OneOf():
                told = NEVER if check.allows(content) else "True"
            case Targeted(_, code, _, _) if code != content:
                told = NEVER
            case Bound():
                rule = check.of(content)
                told = f"{self._named('rule', rule)}({value}, walk.visit)" if rule else NEVER
            case Like():
                told = self._unlike(check, content, value)
            case Constraint():
                told = self._broken(check, content, value)
            case _:
                told = self._asked(check, content, value)
        return told

    def matched(self, matches: Matches, content: str, value: str) -> str:
        """Give what is true of a value that belongs to a slice."""
        try:
            return self._plainly(matches, content, value)
        except NotPlain:
            return self._asked(matches, content, value)

    def _asked(self, thing: Check | Matches, content: str, value: str) -> str:
        return f"{self._named('check', thing)}(({content!r}, {value}, None), walk)"

    def _unlike(self, check: Like, content: str, value: str) -> str:
        if isinstance(check.wanted, str):
            return f"{value} != {check.wanted!r}"
        if not check.exact:
            try:
                return f"not {fitting(self._structures, content, value, check.wanted)}"
            except NotPlain:
                pass
        same, wanted = self._named("same", check.compare), self._named("like", check.wanted)
        return f"not {same}({value}, {wanted})"

    def _broken(self, check: Constraint, content: str, value: str) -> str:
        try:
            return doubted(self._structures, check.expression.text, content, value, self._named)
        except NotPlain:
            return self._asked(check, content, value)

    def _plainly(self, matches: Matches, content: str, value: str) -> str:
        if not isinstance(matches, Matcher):
            raise NotPlain
        writer = Writer(self._structures, self._named)
        told = []
        for steps, test in matches.tests:
            if not isinstance(test, Has):
                raise NotPlain
            found = [Reach(value, content)]
            for kind, name in steps:
                if kind != "child":
                    raise NotPlain
                found = writer.children(found, name)
            each = [self._expected(found, one) for one in test.expected]
            told.append(f"({(' and ' if test.every else ' or ').join(each)})")
        return " and ".join(told)

    def _expected(self, found: Sequence[Reach], expected: Any) -> str:
        """Give what is true where something that was found is as expected."""
        match expected:
            case Equals(str() as wanted, _):
                return has(found, wanted)
            case Equals(wanted, fixed=False):
                fits = (
                    (one, fitting(self._structures, one.content, one.inside, wanted))
                    for one in found
                )
                return any_of([one.where(told) for one, told in fits])
            case _:
                raise NotPlain
