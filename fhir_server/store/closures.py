"""Closure tables: the concepts of each, and the version of the table they came with.

https://hl7.org/fhir/R4/terminology-service.html#closure
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fhir_server.fhir.errors import Conflict, Unprocessable
from fhir_server.store import client
from fhir_server.store.horizon import Database

COLLECTION = "closures"
MOST_TABLES = 1_000
# Seconds after its last change.
KEPT = 90 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a version: (system with its version, code, version the concept came with)."""

    version: int = 0
    concepts: Sequence[tuple[str, str, int]] = ()


class Closures:
    """The tables of one base, each by its owner and name."""

    def __init__(self, database: Database) -> None:
        """Nothing is sent yet."""
        self._rows = database[COLLECTION]

    async def read(self, owner: str, name: str) -> Table | None:
        """Give a table."""
        with client.reachable():
            row = await self._rows.find_one({"_id": _id(owner, name)})
        if row is None:
            return None
        concepts = ((system, code, int(added)) for system, code, added in row["concepts"])
        return Table(int(row["version"]), tuple(concepts))

    async def start(self, owner: str, name: str) -> None:
        """Make an empty table of version 0, in place of one with that name.

        Raises Unprocessable (too-costly) where there are too many.
        """
        empty = {"version": 0, "concepts": [], "at": datetime.now(UTC)}
        with client.reachable():
            found = await self._rows.update_one({"_id": _id(owner, name)}, {"$set": empty})
            if found.matched_count:
                return
            if await self._rows.estimated_document_count() >= MOST_TABLES:
                told = f"There are {MOST_TABLES} closure tables already; use one of them."
                raise Unprocessable(told, code="too-costly")
            await self._rows.update_one({"_id": _id(owner, name)}, {"$set": empty}, upsert=True)

    async def put(self, owner: str, name: str, before: Table, after: Table) -> None:
        """Put a table in the place of the one before; Conflict where that is not there any more."""
        rows = [list(concept) for concept in after.concepts]
        changed = {"version": after.version, "concepts": rows, "at": datetime.now(UTC)}
        there = {"_id": _id(owner, name), "version": before.version}
        with client.reachable():
            found = await self._rows.update_one(there, {"$set": changed})
        if not found.matched_count:
            raise Conflict("The closure table changed at the same time; ask again.")


def _id(owner: str, name: str) -> str:
    return f"{owner}/{name}"
