"""Choosing: a ValueSet over loaded systems, with the codes its clauses choose in place of filters.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.terminology.large import LargeSystem
from fhir_server.terminology.value_set import Clause, ValueSet

Systems = MutableMapping[str, Any]
Find = Callable[[str], Awaitable[LargeSystem | None]]


@dataclass(frozen=True, slots=True)
class Choice:
    """How much of a loaded system a question is about: at most `limit` codes of each clause.

    With `only` none but those; of a clause that lists none, those that have words which begin like
    those of `text`.
    """

    limit: int
    only: Collection[str] | None = None
    text: str = ""


async def chosen(
    found: ValueSet, clauses: Iterable[Clause], choice: Choice, find: Find, systems: Systems
) -> ValueSet:
    """Give the ValueSet with those of its `clauses` listed that are of loaded systems.

    Into `systems` goes, by the canonical a clause has, a CodeSystem of the codes listed. Raises
    Invalid as `LargeSystem.select` does.
    """
    large: dict[str, LargeSystem] = {}
    for canonical in {clause.system: None for clause in clauses}:
        system = await find(canonical)
        if system:
            large[canonical] = system
    if not large:
        return found
    include = [await _listed(one, large, choice) for one in found.include]
    exclude = [await _listed(one, large, choice) for one in found.exclude]
    for canonical, system in large.items():
        there = systems.get(canonical)
        codes = set(there.codes) if there else set(choice.only or ())
        for clause in (*include, *exclude):
            if clause.system == canonical:
                codes.update(clause.codes or ())
        systems[canonical] = await system.part(codes)
    return replace(found, include=tuple(include), exclude=tuple(exclude))


async def _listed(clause: Clause, large: dict[str, LargeSystem], choice: Choice) -> Clause:
    system = large.get(clause.system)
    if system is None or (clause.codes is not None and not clause.filters):
        return clause
    codes: Collection[str] | None = clause.codes
    if choice.only is not None:
        codes = [code for code in choice.only if codes is None or code in codes]
    found = await system.select(clause.filters, choice.limit, codes, choice.text)
    given = clause.codes or {}
    return replace(
        clause, codes={code: given.get(code, {"code": code}) for code in sorted(found)}, filters=()
    )
