"""Terminology: questions about codes, answered from what is stored and what came with the server.

https://hl7.org/fhir/R4/terminology-module.html
"""

from contextlib import suppress
from dataclasses import dataclass

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.choosing import Choice
from fhir_server.terminology.closure import closure
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.content import Allow, Content
from fhir_server.terminology.expand import Expansion, unknown
from fhir_server.terminology.gather import gathered
from fhir_server.terminology.membership import Membership
from fhir_server.terminology.remote import Remote

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
            missing = error.issues[0].code == "not-found"
            if self.remote is None or not missing or not self._is_others(value_set):
                raise
            found = await self.remote.expand(value_set, self.max_expansion)
            if found is None:
                raise
            return found

    async def _expanded(self, allow: Allow, value_set: str) -> frozenset[tuple[str, str]]:
        choice = Choice(self.max_expansion)
        read = await gathered(self.content, allow, value_set, choice=choice)
        found = Expansion(read.value_sets, read.code_systems, self.max_expansion).codes(value_set)
        return frozenset((system, code) for system, codes in found.items() for code in codes)

    async def validate_code(
        self, allow: Allow, value_set: str, system: str, code: str
    ) -> bool | None:
        """Say whether a code is in a ValueSet; None where that cannot be told from what is here.

        `system` may name a version, and is '' for an element of type `code`.
        https://hl7.org/fhir/R4/valueset-operation-validate-code.html
        """
        found: bool | None = None
        with suppress(Invalid):
            choice = Choice(self.max_expansion, only=(code,))
            read = await gathered(self.content, allow, value_set, choice=choice)
            asked = Membership(read.value_sets.get, read.systems.get)
            found = asked.member(value_set, system, code)
        if found is None and system and self.remote and self._is_others(value_set):
            return await self.remote.member(value_set, system, code)
        return found

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

    def _is_others(self, canonical: str) -> bool:
        """Say whether a canonical may be told to others: it names nothing that is stored here."""
        return canonical.startswith(_ABSOLUTE) and not canonical.startswith(self.content.base_url)

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
