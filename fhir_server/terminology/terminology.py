"""Terminology: questions about codes, answered from what is stored and what came with the server.

https://hl7.org/fhir/R4/terminology-module.html
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.choosing import Choosing
from fhir_server.terminology.closure import closure
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.content import Allow, Content
from fhir_server.terminology.expand import Expansion, unknown
from fhir_server.terminology.remote import Remote
from fhir_server.terminology.value_set import Clause, ValueSet

# ValueSets and CodeSystems one question may lead to.
MAX_DEFINITIONS = 200

_ABSOLUTE = ("http://", "https://", "urn:")


@dataclass(frozen=True, slots=True)
class Terminology:
    """The questions; `allow` gives the access decision for reading a type.

    Every error is Invalid and names what is missing or too much.
    """

    content: Content
    max_expansion: int
    remote: Remote | None = None

    async def expand(self, allow: Allow, value_set: str) -> frozenset[tuple[str, str]]:
        """Give (system, code) of every code in a ValueSet: canonical, or `ValueSet/id`.

        Where something it takes is not known here, `remote` is asked for it.
        https://hl7.org/fhir/R4/valueset.html#expansion
        """
        try:
            return await self._expanded(allow, value_set)
        except Invalid as error:
            ours = not value_set.startswith(_ABSOLUTE) or value_set.startswith(
                self.content.base_url
            )
            if self.remote is None or ours or error.issues[0].code != "not-found":
                raise
            found = await self.remote.expand(value_set, self.max_expansion)
            if found is None:
                raise
            return found

    async def _expanded(self, allow: Allow, value_set: str) -> frozenset[tuple[str, str]]:
        expansion = await self._gathered(allow, value_set)
        found = expansion.codes(value_set)
        return frozenset((system, code) for system, codes in found.items() for code in codes)

    async def below(self, allow: Allow, system: str, code: str) -> frozenset[str]:
        """Give the code and every code it subsumes, of a large system at most `max_expansion`.

        https://hl7.org/fhir/R4/codesystem.html#subsumption
        """
        large = await self.content.large(allow, system)
        if large:
            return await large.below(code, self.max_expansion)
        known = await self._system_of(allow, system, code)
        return closure(known.children, code)

    async def above(self, allow: Allow, system: str, code: str) -> frozenset[str]:
        """Give the code and every code it is subsumed by."""
        large = await self.content.large(allow, system)
        if large:
            return await large.above(code)
        known = await self._system_of(allow, system, code)
        return closure(known.parents, code)

    async def _system_of(self, allow: Allow, system: str, code: str) -> CodeSystem:
        known = await self.content.code_system(allow, system)
        if known is None:
            raise unknown("CodeSystem", system)
        if not known.listed:
            raise Invalid(
                f"The codes of {system[:200]} are not loaded here: store a CodeSystem with that "
                "url, that lists them.",
                code="not-found",
            )
        if code not in known.codes:
            raise Invalid(f"{code[:64]!r} is no code of {system[:200]}.", code="not-found")
        return known

    async def _gathered(self, allow: Allow, value_set: str) -> Expansion:
        """Read every definition the expansion of a ValueSet may ask for."""
        sets: dict[str, ValueSet | None] = {}
        systems: dict[str, CodeSystem | None] = {}
        waiting = [value_set]
        while waiting:
            canonical = waiting.pop()
            found = await self.content.value_set(allow, canonical)
            if found:
                asked = Choosing(self.content, allow, self.max_expansion, _asks_system)
                found = await asked.of(found, systems)
            sets[canonical] = found
            for clause in _clauses(found):
                waiting += [one for one in clause.value_sets if one not in sets]
                if clause.system not in systems and _asks_system(found, clause):
                    systems[clause.system] = await self.content.code_system(allow, clause.system)
                if len(sets) + len(systems) > MAX_DEFINITIONS:
                    raise Invalid(
                        f"The ValueSet {value_set[:200]!r} leads to more than "
                        f"{MAX_DEFINITIONS} others and CodeSystems.",
                        code="too-costly",
                    )
        return Expansion(sets, systems, self.max_expansion)


def _clauses(value_set: ValueSet | None) -> Iterable[Clause]:
    return (*value_set.include, *value_set.exclude) if value_set else ()


def _asks_system(value_set: ValueSet | None, clause: Clause) -> bool:
    """Say whether the codes of the clause's system are needed, or which of them are inactive."""
    listed = clause.codes is not None and not clause.filters
    return bool(clause.system) and (not listed or bool(value_set and value_set.active))
