"""Expand: the codes of a ValueSet, from definitions that are at hand.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.filters import filtered
from fhir_server.terminology.value_set import Clause, ValueSet

# By system, without version: each code, in order, with the clause that brought it.
Codes = dict[str, dict[str, Clause]]

# Codes looked at for one expansion, over all its clauses and filters.
MAX_LOOKS = 2_000_000


@dataclass(slots=True)
class Expansion:
    """One expansion under way: `value_sets` and `code_systems` by the canonical they go by.

    A canonical that is missing, or None, is not known here. More than `limit` codes, in a value
    set or one it imports, before what is excluded is taken away, are refused.
    """

    value_sets: Mapping[str, ValueSet | None]
    code_systems: Mapping[str, CodeSystem | None]
    limit: int
    _done: dict[str, Codes] = field(default_factory=dict)
    _path: list[str] = field(default_factory=list)
    _looks: int = 0

    def codes(self, canonical: str) -> Codes:
        """Give the codes of a value set by system; Invalid says why that is not possible."""
        known = self._done.get(canonical)
        if known is not None:
            return known
        if canonical in self._path:
            raise imports_itself([*self._path, canonical])
        self._path.append(canonical)
        value_set = self.value_sets.get(canonical)
        if value_set is None:
            raise unknown("ValueSet", canonical)
        found = self._union(value_set.include, active=value_set.active)
        if value_set.exclude:
            found = _without(found, self._union(value_set.exclude, active=False))
        self._path.pop()
        self._done[canonical] = found
        return found

    def _union(self, clauses: Iterable[Clause], *, active: bool) -> Codes:
        found: Codes = {}
        size = 0
        for clause in clauses:
            for system, codes in self._clause(clause, active=active).items():
                into = found.setdefault(system, {})
                size -= len(into)
                for code, brought in codes.items():
                    into.setdefault(code, brought)
                size += len(into)
            if size > self.limit:
                raise Invalid(
                    f"The ValueSet {self._path[0][:200]!r} has more than {self.limit} codes; "
                    "ask by a smaller one.",
                    code="too-costly",
                )
        return found

    def _clause(self, clause: Clause, *, active: bool) -> Codes:
        parts = [self.codes(canonical) for canonical in clause.value_sets]
        if clause.system:
            parts.insert(0, {bare(clause.system): self._of_system(clause)})
        found = reduce(_common, parts) if parts else {}
        return self._active(found, clause) if active else found

    def _of_system(self, clause: Clause) -> dict[str, Clause]:
        if clause.codes is not None and not clause.filters:
            return dict.fromkeys(clause.codes, clause)
        system = self.code_systems.get(clause.system)
        if system is None or not system.listed:
            raise Invalid(
                f"The ValueSet {self._path[-1][:200]!r} takes codes from {clause.system[:200]}, "
                "whose codes are not loaded here: store a CodeSystem with that url, that lists "
                "them.",
                code="not-found",
            )
        chosen: Collection[str] = system.codes if clause.codes is None else clause.codes
        for one in clause.filters:
            self._look(len(system.codes))
            fitting = filtered(system, one)
            chosen = [code for code in chosen if code in fitting]
        self._look(len(chosen))
        return dict.fromkeys(chosen, clause)

    def _active(self, found: Codes, clause: Clause) -> Codes:
        """Leave out inactive codes, as far as it is known here which are."""
        system = self.code_systems.get(clause.system)
        return _without(found, {system.url: system.inactive}) if system else found

    def _look(self, codes: int) -> None:
        self._looks += codes
        if self._looks > MAX_LOOKS:
            raise Invalid(
                f"The ValueSet {self._path[0][:200]!r} has too many clauses to work out.",
                code="too-costly",
            )


def unknown(type_: str, canonical: str) -> Invalid:
    """Give the error for a ValueSet or CodeSystem that is not here."""
    return Invalid(
        f"The {type_} {canonical[:200]!r} is not known here: store it, or correct the URL.",
        code="not-found",
    )


def imports_itself(path: Sequence[str]) -> Invalid:
    """Give the error for a ValueSet that is part of itself, by the way there."""
    way = " → ".join(one[:200] for one in path)
    return Invalid(f"A ValueSet imports itself: {way}.", code="processing")


def bare(canonical: str) -> str:
    """Give a canonical without its version."""
    return canonical.partition("|")[0]


def _common(one: Codes, other: Codes) -> Codes:
    return {
        system: {code: clause for code, clause in one[system].items() if code in other[system]}
        for system in one
        if system in other
    }


def _without(one: Codes, other: Mapping[str, Container[str]]) -> Codes:
    return {
        system: {code: clause for code, clause in codes.items() if code not in other[system]}
        if system in other
        else codes
        for system, codes in one.items()
    }
