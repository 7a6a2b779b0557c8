"""Packed: what came with the server, and what it alone can tell about a code, without a database.

https://hl7.org/fhir/R4/terminology-module.html
"""

from collections.abc import Mapping
from functools import lru_cache

from fhir_server.fhir.errors import Invalid
from fhir_server.spec.canonicals import Canonicals
from fhir_server.terminology.code_system import CodeSystem, code_system_of
from fhir_server.terminology.expand import Codes, Expansion
from fhir_server.terminology.value_set import ValueSet, value_set_of

LIMIT = 100_000


class Packed:
    """R4's definitions, the server's and its guests'; nothing is read before it is asked for."""

    def __init__(self, canonicals: Canonicals) -> None:
        """Take the definitions."""
        self._canonicals = canonicals
        self._known: dict[str, Codes | None] = {}

    def member(self, value_set: str, system: str, code: str) -> bool | None:
        """Say whether a code is in a ValueSet, None where that cannot be told from here.

        `system` is '' for an element of type `code`, whose system is not written.
        """
        if value_set not in self._known:
            self._known[value_set] = self._codes(value_set)
        codes = self._known[value_set]
        if codes is None:
            return None
        if system:
            return code in codes.get(system, ())
        return any(code in listed for listed in codes.values())

    def _codes(self, canonical: str) -> Codes | None:
        value_sets: dict[str, ValueSet | None] = {}
        systems: dict[str, CodeSystem | None] = {}
        try:
            self._gather(canonical, value_sets, systems)
            return Expansion(value_sets, systems, LIMIT).codes(canonical)
        except Invalid:
            return None

    def _gather(
        self,
        canonical: str,
        value_sets: dict[str, ValueSet | None],
        systems: dict[str, CodeSystem | None],
    ) -> None:
        if canonical in value_sets:
            return
        found = self._find("ValueSet", canonical)
        known = value_sets[canonical] = None if found is None else value_set_of(found)
        for clause in (*known.include, *known.exclude) if known else ():
            for imported in clause.value_sets:
                self._gather(imported, value_sets, systems)
            if clause.system and clause.system not in systems:
                system = self._find("CodeSystem", clause.system)
                systems[clause.system] = None if system is None else code_system_of(system)

    def _find(self, type_: str, canonical: str) -> Mapping[str, object] | None:
        url, _, version = canonical.partition("|")
        listed = self._canonicals.find(type_, url)
        return next((one for one in listed if version in ("", one.get("version", ""))), None)


@lru_cache(maxsize=8)
def packed(canonicals: Canonicals) -> Packed:
    """Give the one Packed of these definitions: what it has read is shared by all who ask."""
    return Packed(canonicals)
