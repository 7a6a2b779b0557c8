"""Choosing: a ValueSet over loaded systems, with the codes its clauses choose in place of filters.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Callable, Collection, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.terminology.content import Allow, Content
from fhir_server.terminology.large import LargeSystem
from fhir_server.terminology.value_set import Clause, ValueSet


@dataclass(frozen=True, slots=True)
class Choosing:
    """One question; it may take `limit` codes of each clause, and with `only` none but those.

    `needs` says of which clauses the system is asked; of codes that are not listed those are taken
    that have words which begin like those of `text`.
    """

    content: Content
    allow: Allow
    limit: int
    needs: Callable[[ValueSet, Clause], bool]
    only: Collection[str] | None = None
    text: str = ""

    async def of(self, found: ValueSet, systems: MutableMapping[str, Any]) -> ValueSet:
        """Give the ValueSet with its clauses over loaded systems listed.

        Into `systems` goes, by the canonical a clause has, a CodeSystem of the codes listed.
        Raises Invalid as `LargeSystem.select` does.
        """
        large: dict[str, LargeSystem] = {}
        for clause in (*found.include, *found.exclude):
            if clause.system and clause.system not in large and self.needs(found, clause):
                system = await self.content.large(self.allow, clause.system)
                if system:
                    large[clause.system] = system
        if not large:
            return found
        include = [await self._listed(one, large) for one in found.include]
        exclude = [await self._listed(one, large) for one in found.exclude]
        for canonical, system in large.items():
            there = systems.get(canonical)
            codes = set(there.codes) if there else set()
            for clause in (*include, *exclude):
                if clause.system == canonical:
                    codes.update(clause.codes or ())
            systems[canonical] = await system.part(codes)
        return replace(found, include=tuple(include), exclude=tuple(exclude))

    async def _listed(self, clause: Clause, large: dict[str, LargeSystem]) -> Clause:
        system = large.get(clause.system)
        if system is None or (clause.codes is not None and not clause.filters):
            return clause
        codes: Collection[str] | None = clause.codes
        if self.only is not None:
            codes = [code for code in codes or self.only if code in self.only]
        chosen = await system.select(clause.filters, self.limit, codes, self.text)
        return replace(clause, codes=frozenset(chosen), filters=())
