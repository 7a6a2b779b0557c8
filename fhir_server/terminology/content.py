"""Content: the definition a canonical names, stored here or come with the server.

https://hl7.org/fhir/R4/references.html#canonical
"""

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Condition
from fhir_server.spec.canonicals import Canonicals
from fhir_server.store.store import Store
from fhir_server.terminology.cache import Cache, Definition
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.concept_map import ConceptMap
from fhir_server.terminology.implicit import implicit
from fhir_server.terminology.known import KNOWN, Known
from fhir_server.terminology.large import LargeSystem
from fhir_server.terminology.packed import READ, packed
from fhir_server.terminology.value_set import ValueSet

Allow = Callable[[str], Condition]

# Resources that may share one url, each with its version.
MAX_VERSIONS = 50

_NUMBERS = re.compile(r"(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Content:
    """What is stored wins over what came with the server; `base_url` is our own."""

    canonicals: Canonicals
    store: Store
    cache: Cache
    base_url: str

    async def code_system(self, allow: Allow, canonical: str) -> CodeSystem | None:
        """Give the CodeSystem, of the newest version where none is named; None without any."""
        found = await self._find(allow, "CodeSystem", canonical)
        assert found is None or isinstance(found, CodeSystem)
        return found

    async def system(
        self, allow: Allow, canonical: str, codes: Collection[str] = ()
    ) -> CodeSystem | Known | None:
        """Give what can tell the codes of a system: a CodeSystem, or a grammar without one.

        Of a loaded system it has these `codes`.
        """
        found = await self.code_system(allow, canonical)
        if found and codes:
            found = await self.with_codes(found, codes)
        return found if found and found.listed else KNOWN.get(canonical.partition("|")[0], found)

    async def large(self, allow: Allow, canonical: str) -> LargeSystem | None:
        """Give the system, where its CodeSystem says that its codes are kept beside it."""
        found = await self.code_system(allow, canonical)
        return await self._loaded(found) if found else None

    async def with_codes(self, found: CodeSystem, codes: Collection[str]) -> CodeSystem:
        """Give a CodeSystem that can be asked of these codes: where it is loaded, a part of it."""
        large = await self._loaded(found)
        if large is None:
            return found
        return replace(await large.part(codes, upwards=True), resource=found.resource)

    async def _loaded(self, found: CodeSystem) -> LargeSystem | None:
        if found.content != "not-present":
            return None
        loaded = await self.store.concepts.find(found.url, found.version)
        return LargeSystem(self.store.concepts, loaded) if loaded else None

    async def value_set(self, allow: Allow, canonical: str) -> ValueSet | None:
        """Give the ValueSet, also by `ValueSet/id` and `[base]/ValueSet/id`, or one implied."""
        found = await self._by_id(allow, "ValueSet", canonical)
        found = found or await self._find(allow, "ValueSet", canonical) or implicit(canonical)
        assert found is None or isinstance(found, ValueSet)
        return found

    async def concept_map(self, allow: Allow, canonical: str) -> ConceptMap | None:
        """Give the ConceptMap of a url, of the newest version where none is named."""
        found = await self._find(allow, "ConceptMap", canonical)
        assert found is None or isinstance(found, ConceptMap)
        return found

    async def concept_maps(
        self, allow: Allow, system: str, *, reverse: bool
    ) -> Sequence[ConceptMap]:
        """Give the newest of each ConceptMap from a system (`reverse`: to it), stored ones first.

        Raises Invalid (too-costly) where too many are stored.
        """
        field = "x.target-system" if reverse else "x.source-system"
        stored = await self._stored(allow, "ConceptMap", AnyOf(field, (system,)))
        by_url: dict[str, list[Definition]] = {}
        for one in stored:
            by_url.setdefault(one.url, []).append(one)
        found = [_newest(ones, "") for ones in by_url.values()]
        found += [one for one in packed(self.canonicals).concept_maps() if one.url not in by_url]
        return [one for one in found if isinstance(one, ConceptMap)]

    async def by_id(self, allow: Allow, type_: str, identity: str) -> Definition | None:
        """Give the definition stored under an id."""
        return _newest(await self._stored(allow, type_, AnyOf("_id", (identity,))), "")

    async def _by_id(self, allow: Allow, type_: str, canonical: str) -> Definition | None:
        local = canonical.removeprefix(f"{self.base_url}/")
        named, _, identity = local.partition("/")
        return await self.by_id(allow, type_, identity) if named == type_ else None

    async def _find(self, allow: Allow, type_: str, canonical: str) -> Definition | None:
        url, _, version = canonical.partition("|")
        stored = await self._stored(allow, type_, AnyOf("x.url", (url,)))
        return _newest(stored, version) or packed(self.canonicals).find(type_, url, version)

    async def _stored(self, allow: Allow, type_: str, condition: Condition) -> Sequence[Definition]:
        """Give what the store holds; bodies are read where they are not as they were."""
        may = allow(type_)
        states = await self.store.versions(may, type_, condition, MAX_VERSIONS + 1)
        if len(states) > MAX_VERSIONS:
            raise Invalid(
                f"More than {MAX_VERSIONS} {type_} resources have the same url, or system.",
                code="too-costly",
            )
        # Of the same version the one that changed last comes first.
        ordered = sorted(states, key=lambda id_: states[id_][::-1], reverse=True)
        known = {id_: self.cache.get((type_, id_), states[id_]) for id_ in ordered}
        missing = [id_ for id_, definition in known.items() if definition is None]
        read = await self.store.read_many(may, type_, missing) if missing else {}
        for id_, one in read.items():
            if one.body is not None:
                # A system of 100,000 codes takes half a second: others need not wait for it.
                definition = await asyncio.to_thread(_read, type_, one.body)
                known[id_] = definition
                state = (one.version, one.ts)
                self.cache.put((type_, id_), state, len(one.body), definition)
        return [definition for definition in known.values() if definition is not None]


def _read(type_: str, body: bytes) -> Definition:
    return READ[type_](json.reload(body))


def _newest(found: Sequence[Definition], version: str) -> Definition | None:
    fitting = [one for one in found if version in ("", one.version)]
    return max(fitting, key=lambda one: _order(one.version), default=None)


def _order(version: str) -> list[tuple[int, int | str]]:
    """Give what versions are compared by: numbers as numbers, `2.10` after `2.9`."""
    return [
        (1, int(part)) if part.isdigit() and part.isascii() else (0, part)
        for part in _NUMBERS.split(version[:100])
        if part
    ]
