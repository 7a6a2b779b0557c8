"""Gather: the definitions a question about a ValueSet needs, read before it is answered."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.choosing import Choice, chosen
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.content import Allow, Content
from fhir_server.terminology.known import Known
from fhir_server.terminology.large import LargeSystem
from fhir_server.terminology.value_set import Clause, ValueSet
from fhir_server.terminology.versions import ANY, Versions

# ValueSets and CodeSystems one question may lead to.
MAX_DEFINITIONS = 200

# As many codes of a loaded system as `FHIR_MAX_EXPANSION` is, where nobody says.
CHOICE = Choice(10_000)

Needs = Callable[[ValueSet, Clause], bool]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Definitions by the canonical that a ValueSet names them by; None is not known here."""

    value_sets: Mapping[str, ValueSet | None]
    systems: Mapping[str, CodeSystem | Known | None]

    @property
    def code_systems(self) -> Mapping[str, CodeSystem | None]:
        """Those systems whose codes are listed."""
        return {
            canonical: found if isinstance(found, CodeSystem) else None
            for canonical, found in self.systems.items()
        }


def asks_system(value_set: ValueSet, clause: Clause) -> bool:
    """Say whether the codes of the clause's system are needed, or which of them are inactive."""
    return clause.codes is None or bool(clause.filters) or value_set.active


def all_systems(_: ValueSet, clause: Clause) -> bool:
    """Say that every system is needed: for what its codes are called."""
    return bool(clause.system)


async def gathered(
    content: Content,
    allow: Allow,
    root: str,
    needs: Needs = asks_system,
    *,
    versions: Versions = ANY,
    given: ValueSet | None = None,
    choice: Choice = CHOICE,
) -> Gathered:
    """Read what the ValueSet leads to; `given` is what `root` means, where it need not be read.

    `choice` says which codes of loaded systems are read.
    Raises Invalid (too-costly) for more than `MAX_DEFINITIONS`.
    """
    sets: dict[str, ValueSet | None] = {}
    systems: dict[str, CodeSystem | Known | None] = {}
    waiting = [root]

    async def large(canonical: str) -> LargeSystem | None:
        return await content.large(allow, versions.meant(canonical))

    while waiting:
        canonical = waiting.pop()
        known = given if given and canonical == root else None
        found = known or await content.value_set(allow, canonical)
        if found:
            wanted = [one for one in _clauses(found) if one.system and needs(found, one)]
            found = await chosen(found, wanted, choice, large, systems)
        sets[canonical] = found
        for clause in _clauses(found):
            waiting += [one for one in clause.value_sets if one not in sets]
            asked = found is not None and clause.system and needs(found, clause)
            if asked and clause.system not in systems:
                meant = versions.meant(clause.system)
                systems[clause.system] = await content.system(allow, meant)
            if len(sets) + len(systems) > MAX_DEFINITIONS:
                raise Invalid(
                    f"The ValueSet {root[:200]!r} leads to more than "
                    f"{MAX_DEFINITIONS} others and CodeSystems.",
                    code="too-costly",
                )
    return Gathered(sets, systems)


def _clauses(value_set: ValueSet | None) -> Iterable[Clause]:
    return (*value_set.include, *value_set.exclude) if value_set else ()
