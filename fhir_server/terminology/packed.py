"""Packed: what came with the server, and what it alone can tell about a code, without a database.

https://hl7.org/fhir/R4/terminology-module.html
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.canonicals import Canonicals
from fhir_server.terminology.cache import Cache, Definition
from fhir_server.terminology.code_system import CodeSystem, code_system_of
from fhir_server.terminology.concept_map import ConceptMap, concept_map_of
from fhir_server.terminology.implicit import implicit
from fhir_server.terminology.known import KNOWN, Known
from fhir_server.terminology.membership import Membership
from fhir_server.terminology.value_set import Filter, ValueSet, value_set_of

READ: Mapping[str, Callable[[Mapping[str, Any]], Definition]] = {
    "CodeSystem": code_system_of,
    "ValueSet": value_set_of,
    "ConceptMap": concept_map_of,
}
# Answers kept; a document asks the same few again and again.
MAX_ANSWERS = 100_000


class Packed:
    """R4's definitions, the server's and its guests'; nothing is read before it is asked for."""

    def __init__(self, canonicals: Canonicals) -> None:
        """Take the definitions."""
        self._canonicals = canonicals
        self._cache = Cache()
        self._answered = lru_cache(MAX_ANSWERS)(self._told)
        self._filters: dict[tuple[str, Filter], frozenset[str]] = {}

    def find(self, type_: str, url: str, version: str = "") -> Definition | None:
        """Give the definition with that url, and that version where one is named.

        Raises Invalid for a ValueSet that says nothing of its codes.
        """
        key, state = (type_, f"{url}|{version}"), "packed"
        found = self._cache.get(key, state)
        if found is None:
            for resource in self._canonicals.find(type_, url):
                if version in ("", resource.get("version", "")):
                    found = READ[type_](resource)
                    self._cache.put(key, state, len(json.dump(dict(resource))), found)
                    break
        return found

    def concept_maps(self) -> Iterator[ConceptMap]:
        """Give every ConceptMap."""
        for url in self._canonicals.urls("ConceptMap"):
            found = self.find("ConceptMap", url)
            if isinstance(found, ConceptMap):
                yield found

    def member(self, value_set: str, system: str, code: str) -> bool | None:
        """Say whether a code is in a ValueSet, None where that cannot be told from here.

        `value_set` is a canonical; `system` may name a version, and is '' for an element of type
        `code`, whose system is not written.
        """
        return self._answered(value_set, system, code)

    def _told(self, value_set: str, system: str, code: str) -> bool | None:
        try:
            asked = Membership(self._value_set, self._system, self._filters)
            return asked.member(value_set, system, code)
        except Invalid:
            return None

    def _value_set(self, canonical: str) -> ValueSet | None:
        url, _, version = canonical.partition("|")
        found = self.find("ValueSet", url, version) or implicit(canonical)
        return found if isinstance(found, ValueSet) else None

    def _system(self, canonical: str) -> CodeSystem | Known | None:
        url, _, version = canonical.partition("|")
        found = self.find("CodeSystem", url, version)
        if isinstance(found, CodeSystem) and found.listed:
            return found
        return KNOWN.get(url, found if isinstance(found, CodeSystem) else None)


@lru_cache(maxsize=8)
def packed(canonicals: Canonicals) -> Packed:
    """Give the one Packed of these definitions: what it has read is shared by all who ask."""
    return Packed(canonicals)
