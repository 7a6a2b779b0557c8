"""Membership: whether one code is in a ValueSet, told without listing the others.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.expand import MAX_LOOKS, bare, imports_itself, unknown
from fhir_server.terminology.filters import filtered
from fhir_server.terminology.known import Known
from fhir_server.terminology.value_set import Clause, Filter, ValueSet

System = CodeSystem | Known


@dataclass(slots=True)
class Membership:
    """Answers from definitions at hand; each function gives None for what is not known here.

    A code's system may be `url|version`, and '' for a code whose system is not written. An answer
    is None where it takes codes that are not here. `filters` keeps the codes they let through.
    """

    value_set: Callable[[str], ValueSet | None]
    system: Callable[[str], System | None]
    filters: dict[tuple[str, Filter], frozenset[str]] = field(default_factory=dict)
    _looks: int = 0
    _path: list[str] = field(default_factory=list)
    _told: dict[tuple[str, str, str], bool | None] = field(default_factory=dict)

    def member(self, canonical: str, system: str, code: str) -> bool | None:
        """Say whether the code is in the ValueSet.

        Raises Invalid for a ValueSet that is not known, imports itself, or cannot be worked out.
        """
        if canonical in self._path:
            raise imports_itself([*self._path, canonical])
        asked = canonical, system, code
        if asked not in self._told:
            value_set = self.value_set(canonical)
            if value_set is None:
                raise unknown("ValueSet", canonical)
            self._path.append(canonical)
            self._told[asked] = self.of(value_set, system, code)
            self._path.pop()
        return self._told[asked]

    def of(self, value_set: ValueSet, system: str, code: str) -> bool | None:
        """Say whether the code is in a ValueSet that is at hand."""
        included = _any(
            self._clause(one, system, code, active=value_set.active) for one in value_set.include
        )
        if included is False or not value_set.exclude:
            return included
        excluded = _any(self._clause(one, system, code, active=False) for one in value_set.exclude)
        return _all((included, None if excluded is None else not excluded))

    def _clause(self, clause: Clause, system: str, code: str, *, active: bool) -> bool | None:
        if not (clause.system or clause.value_sets):
            return False
        return _all(self._parts(clause, system, code, active=active))

    def _parts(
        self, clause: Clause, system: str, code: str, *, active: bool
    ) -> Iterator[bool | None]:
        if clause.system:
            yield self._of_system(clause, system, code, active=active)
        for canonical in clause.value_sets:
            yield self.member(canonical, system, code)

    def _of_system(self, clause: Clause, system: str, code: str, *, active: bool) -> bool | None:
        listed = clause.codes is None or code in clause.codes
        if not listed or (system and not _same(clause.system, system)):
            return False
        if clause.codes is not None and not clause.filters and not active:
            return True
        known = self.system(clause.system)
        if active and isinstance(known, CodeSystem) and code in known.inactive:
            return False
        if clause.filters:
            return self._fits(known, clause, code)
        return clause.codes is not None or (known.member(code) if known else None)

    def _fits(self, known: System | None, clause: Clause, code: str) -> bool | None:
        if not isinstance(known, CodeSystem) or not known.listed:
            return None
        if code not in known.codes:
            return known.member(code)
        return all(code in self._filtered(known, clause.system, one) for one in clause.filters)

    def _filtered(self, known: CodeSystem, canonical: str, chosen: Filter) -> frozenset[str]:
        key = canonical, chosen
        if key not in self.filters:
            self._looks += len(known.codes)
            if self._looks > MAX_LOOKS:
                told = f"The ValueSet {self._path[0][:200]!r} has too many filters to work out."
                raise Invalid(told, code="too-costly")
            self.filters[key] = filtered(known, chosen)
        return self.filters[key]


def _same(canonical: str, asked: str) -> bool:
    """Say whether two names are of one system; a version counts where both have it."""
    if bare(canonical) != bare(asked):
        return False
    return "|" not in canonical or "|" not in asked or canonical == asked


def _any(answers: Iterable[bool | None]) -> bool | None:
    found: bool | None = False
    for one in answers:
        if one:
            return True
        found = None if one is None else found
    return found


def _all(answers: Iterable[bool | None]) -> bool | None:
    found: bool | None = True
    for one in answers:
        if one is False:
            return False
        found = None if one is None else found
    return found
