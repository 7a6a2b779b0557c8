"""Content: the ValueSet or CodeSystem a canonical names, stored here or come with the server.

https://hl7.org/fhir/R4/references.html#canonical
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Condition
from fhir_server.spec.canonicals import Canonicals
from fhir_server.store.store import Store
from fhir_server.terminology.code_system import CodeSystem, code_system_of
from fhir_server.terminology.large import LargeSystem
from fhir_server.terminology.value_set import ValueSet, value_set_of

Definition: TypeAlias = CodeSystem | ValueSet
Allow = Callable[[str], Condition]

# Resources that may share one url, each with its version.
MAX_VERSIONS = 50
# In memory a definition takes some four times its JSON, more where it has no displays.
CACHE_BYTES = 32 * 1024 * 1024

_READ: Mapping[str, Callable[[Mapping[str, Any]], Definition]] = {
    "CodeSystem": code_system_of,
    "ValueSet": value_set_of,
}
_NUMBERS = re.compile(r"(\d+)", re.ASCII)


class Cache:
    """Definitions in the form they are asked in; the least recently used make room for others."""

    def __init__(self, size: int = CACHE_BYTES) -> None:
        """Keep definitions made from at most `size` bytes of JSON."""
        self._size = size
        self._used = 0
        self._kept: OrderedDict[tuple[str, str], tuple[object, int, Definition]] = OrderedDict()

    def get(self, key: tuple[str, str], state: object) -> Definition | None:
        """Give what was kept under the key for the same state."""
        kept = self._kept.get(key)
        if kept is None or kept[0] != state:
            return None
        self._kept.move_to_end(key)
        return kept[2]

    def put(self, key: tuple[str, str], state: object, size: int, definition: Definition) -> None:
        """Keep a definition made from `size` bytes, in place of the state before."""
        replaced = self._kept.pop(key, None)
        self._used += size - (replaced[1] if replaced else 0)
        self._kept[key] = (state, size, definition)
        while self._used > self._size:
            _, (_, freed, _) = self._kept.popitem(last=False)
            self._used -= freed


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

    async def large(self, allow: Allow, canonical: str) -> LargeSystem | None:
        """Give the system, where its CodeSystem says that its codes are kept beside it."""
        found = await self.code_system(allow, canonical)
        return await self._loaded(found) if found else None

    async def with_codes(self, found: CodeSystem, codes: Collection[str]) -> CodeSystem:
        """Give a CodeSystem that can be asked of these codes: where it is loaded, a part of it."""
        large = await self._loaded(found)
        return await large.part(codes, upwards=True) if large else found

    async def _loaded(self, found: CodeSystem) -> LargeSystem | None:
        if found.content != "not-present":
            return None
        loaded = await self.store.concepts.find(found.url, found.version)
        return LargeSystem(self.store.concepts, loaded) if loaded else None

    async def value_set(self, allow: Allow, canonical: str) -> ValueSet | None:
        """Give the ValueSet, also by `ValueSet/id` and `[base]/ValueSet/id`."""
        local = canonical.removeprefix(f"{self.base_url}/")
        type_, _, id_ = local.partition("/")
        found: Definition | None = None
        if type_ == "ValueSet":
            found = _newest(await self._stored(allow, type_, AnyOf("_id", (id_,))), "")
        found = found or await self._find(allow, "ValueSet", canonical)
        assert found is None or isinstance(found, ValueSet)
        return found

    async def _find(self, allow: Allow, type_: str, canonical: str) -> Definition | None:
        url, _, version = canonical.partition("|")
        stored = await self._stored(allow, type_, AnyOf("x.url", (url,)))
        return _newest(stored, version) or self._packed(type_, url, version)

    async def _stored(self, allow: Allow, type_: str, condition: Condition) -> Sequence[Definition]:
        """Give what the store holds; bodies are read where they are not as they were."""
        may = allow(type_)
        states = await self.store.versions(may, type_, condition, MAX_VERSIONS + 1)
        if len(states) > MAX_VERSIONS:
            raise Invalid(
                f"More than {MAX_VERSIONS} {type_} resources have the same url.",
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

    def _packed(self, type_: str, url: str, version: str) -> Definition | None:
        key, state = (type_, f"{url}|{version}"), "packed"
        found = self.cache.get(key, state)
        if found is None:
            for resource in self.canonicals.find(type_, url):
                if version in ("", resource.get("version", "")):
                    found = _READ[type_](resource)
                    self.cache.put(key, state, len(json.dump(dict(resource))), found)
                    break
        return found


def _read(type_: str, body: bytes) -> Definition:
    return _READ[type_](json.reload(body))


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
