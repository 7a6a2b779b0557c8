"""Concepts: code systems too large for one resource, a collection for each loaded version.

Who may ask is decided where the CodeSystem resource that tells of them is read: nothing here is
about a person. `code_systems` says which versions there are; one is visible once it is complete.
See docs/adr/0031-large-code-systems.md.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fhir_server.store import client
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

LOADED = "code_systems"
SECONDS = 10.0
# Behind every letter.
_LAST = "\U0010ffff"
# The fields of a concept that may be asked for.
Field = Literal["code", "parents", "ancestors", "properties", "words"]


@dataclass(frozen=True, slots=True)
class Designation:
    """Another text for a concept; `language` is BCP-47, `use` a code of the system's own."""

    value: str
    language: str = ""
    use: str = ""


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept; `properties` are (name, value as text); whether it is `inactive` is one too."""

    code: str
    display: str
    designations: tuple[Designation, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    inactive: bool = False
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """One version of a system; `started` in µs since the epoch, `complete`: it may be asked.

    `properties` are the names its concepts have values for, with their types.
    """

    id: str
    url: str
    version: str
    count: int
    started: int
    complete: bool
    properties: Mapping[str, str]

    @property
    def collection(self) -> str:
        """Give the name of the collection its concepts are in."""
        return f"concepts_{self.id}"


@dataclass(frozen=True, slots=True)
class Where:
    """Concepts one of whose values in a field is one of these, or begins like the one there is.

    A property is asked for as `name=value`. `negated`: concepts of which that is not so.
    """

    field: Field
    values: tuple[str, ...]
    begins: bool = False
    negated: bool = False


class Concepts:
    """What may be asked of loaded code systems. Raises Unavailable as the store does.

    What takes over `SECONDS` raises Unprocessable (too-costly).
    """

    def __init__(self, database: Database) -> None:
        """Nothing is sent yet."""
        self._database = database

    async def loaded(self) -> list[Loaded]:
        """Give every version, by url and when it was loaded; also those not complete."""
        with client.reachable():
            cursor = self._database[LOADED].find().sort([("url", 1), ("started", 1)])
            return [loaded_of(row) for row in await cursor.to_list()]

    async def find(self, url: str, version: str) -> Loaded | None:
        """Give the version of a system that was loaded last; None where there is none."""
        asked = {"url": url, "version": version, "complete": True}
        with client.reachable():
            row = await self._database[LOADED].find_one(asked, sort=[("started", -1)])
            return loaded_of(row) if row else None

    async def read(self, loaded: Loaded, codes: Collection[str]) -> Mapping[str, Concept]:
        """Give the concepts of these codes by code; what is not there is left out."""
        with client.reachable():
            rows = self._database[loaded.collection].find({"_id": {"$in": list(codes)}})
            return {row["_id"]: concept_of(row) for row in await rows.to_list()}

    async def ancestors(
        self, loaded: Loaded, codes: Collection[str]
    ) -> Mapping[str, Sequence[str]]:
        """Give by code itself and all it is subsumed by; what is not there is left out."""
        asked = {"_id": {"$in": list(codes)}}
        with client.reachable():
            rows = self._database[loaded.collection].find(asked, {"ancestors": 1})
            return {row["_id"]: row["ancestors"] for row in await rows.to_list()}

    async def codes(self, loaded: Loaded, asked: Sequence[Where], limit: int) -> list[str]:
        """Give at most `limit` codes for which all of this holds, in no order."""
        with client.reachable():
            async with client.bounded(self._database, SECONDS):
                return await self._codes(loaded, asked, limit)

    async def _codes(self, loaded: Loaded, asked: Sequence[Where], limit: int) -> list[str]:
        found = self._database[loaded.collection].find(filter_of(asked), {"_id": 1})
        return [row["_id"] for row in await found.limit(limit).to_list()]

    async def walk(
        self, loaded: Loaded, asked: Sequence[Where]
    ) -> AsyncIterator[tuple[str, tuple[tuple[str, str], ...]]]:
        """Give each code for which all of this holds, and its properties, in no order."""
        with client.reachable():
            async with client.bounded(self._database, SECONDS):
                found = self._database[loaded.collection].find(filter_of(asked), {"properties": 1})
                async for row in found:
                    yield row["_id"], _pairs(row)


def filter_of(asked: Sequence[Where]) -> Document:
    """Give what MongoDB is asked: equality, `$in` and ranges, of a field's first test on top.

    There an index serves it in the embedded server too, but for what begins: MongoDB bounds that by
    the index, the embedded server looks at every concept.
    """
    found: Document = {}
    rest: list[Document] = []
    for one in asked:
        field = "_id" if one.field == "code" else one.field
        if field in found:
            rest.append({field: _test(one)})
        else:
            found[field] = _test(one)
    return {**found, "$and": rest} if rest else found


def _test(asked: Where) -> Document:
    if asked.begins:
        (value,) = asked.values
        test = {"$elemMatch": {"$gte": value, "$lt": f"{value}{_LAST}"}}
        return {"$not": test} if asked.negated else test
    if asked.negated:
        return {"$nin": list(asked.values)}
    return {"$eq": asked.values[0]} if len(asked.values) == 1 else {"$in": list(asked.values)}


def document_of(concept: Concept, ancestors: Collection[str], words: Collection[str]) -> Document:
    """Give a concept as it is kept; empty fields are left out."""
    found: Document = {
        "_id": concept.code,
        "display": concept.display,
        "designations": [[one.value, one.language, one.use] for one in concept.designations],
        "properties": [f"{name}={value}" for name, value in concept.properties]
        + [f"inactive={str(concept.inactive).lower()}"],
        "parents": list(concept.parents),
        "words": sorted(words),
    }
    return {k: v for k, v in found.items() if v} | {"ancestors": sorted(ancestors)}


def concept_of(row: Mapping[str, Any]) -> Concept:
    """Give a kept concept."""
    return Concept(
        code=row["_id"],
        display=row.get("display", ""),
        designations=tuple(Designation(*one) for one in row.get("designations", ())),
        properties=_pairs(row),
        inactive="inactive=true" in row.get("properties", ()),
        parents=tuple(row.get("parents", ())),
    )


def _pairs(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    parted = (one.partition("=") for one in row.get("properties", ()))
    return tuple((name, value) for name, _, value in parted)


def loaded_of(row: Mapping[str, Any]) -> Loaded:
    """Give a row of `code_systems`."""
    return Loaded(
        id=row["_id"],
        url=row["url"],
        version=row["version"],
        count=int(row["count"]),
        started=int(row["started"]),
        complete=row["complete"],
        properties=dict(row["properties"]),
    )
