"""Care relations in their own collection, and what else decides what a caller may reach.

`relations` has `{_id, source, holder, patient, until, kind}`, written in the transaction of the
resource (`source`, `Type/id`) whose index field `_care` they are.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.index import CARE_FIELD, CONSENT_FIELD, PATIENT_FIELD
from fhir_server.store.client import reachable
from fhir_server.store.documents import ENDS, Change, Document, check_key, portions
from fhir_server.store.finding import find
from fhir_server.store.fresh import Fresh
from fhir_server.store.horizon import Database

COLLECTION = "relations"
# How long an answer is kept, in seconds. What a caller reaches is kept as long again, so that a
# consent that is withdrawn holds everywhere within a second.
FRESH = 0.4
# Patients found by a hundred identifiers; numbers without their system may be of many.
_MOST_FOUND = 1_000

Answer = TypeVar("Answer")
Before = Mapping[tuple[str, str], Document]


class Relations:
    """What decides access, as it is committed: a transaction asks what stood before it.

    Errors are fhir.errors; Unavailable when the database does not answer. `seconds`: how
    long an answer is kept.
    """

    def __init__(
        self,
        database: Database,
        seconds: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is sent yet."""
        self._database = database
        self._answers = Fresh(seconds, clock)

    async def held(
        self, holders: Collection[str], patients: Collection[str] | None = None
    ) -> list[Document]:
        """Give the relations of these holders, to these patients or to all; ended ones too."""
        who = tuple(sorted(holders))
        whose = None if patients is None else tuple(sorted(patients))

        async def ask() -> list[Document]:
            found: list[Document] = []
            for some in [None] if whose is None else portions(whose):
                wanted = {} if some is None else {"patient": {"$in": some}}
                asked = {**wanted, "holder": {"$in": list(who)}}
                found += await find(self._database, COLLECTION, asked, None)
            return found

        return await self.fresh(("held", who, whose), ask)

    async def patients_of(
        self, type_: str, ids: Collection[str], *, past: bool = False
    ) -> set[str]:
        """Give the patients in whose compartments these resources are, or were before deletion.

        `past`: those of their former versions too. What never was costs as much as what is.
        """
        check_key(type_)
        fields = {f"x.{PATIENT_FIELD}": 1}
        rows: list[Document] = []
        with reachable():
            for some in portions(ids):
                named = [f"{type_}/{id_}" for id_ in some]
                rows += await find(self._database, type_, {"_id": {"$in": some}}, fields)
                rows += await find(self._database, "tombstones", {"_id": {"$in": named}}, fields)
                if past:
                    was = f"{type_}_history"
                    rows += await find(self._database, was, {"id": {"$in": some}}, fields)
        return {id_ for row in rows for id_ in row.get("x", {}).get(PATIENT_FIELD, ())}

    async def patients_with(self, identifiers: Collection[str]) -> set[str]:
        """Give the ids of Patients with any of these identifiers, as the index has them."""
        found: set[str] = set()
        with reachable():
            for some in portions(identifiers):
                wanted = {"x.identifier": {"$in": some}}
                rows = await find(self._database, "Patient", wanted, {"_id": 1}, limit=_MOST_FOUND)
                found |= {row["_id"] for row in rows}
        return found

    async def rules(self, patients: Collection[str]) -> list[Document]:
        """Give the rules of the Consents of these patients that withhold something."""
        whose = tuple(sorted(patients))

        async def ask() -> list[Document]:
            found: list[Document] = []
            for some in portions(whose):
                found += await self._consents({"$in": some}, 0)
            return found

        return await self.fresh(("rules", whose), ask)

    async def all_rules(self, most: int) -> list[Document] | None:
        """Give the rules of all patients; None where they are more than `most`."""

        async def ask() -> list[Document] | None:
            found = await self._consents({"$gte": ""}, most + 1)
            return found if len(found) <= most else None

        return await self.fresh(("all", most), ask)

    async def _consents(self, patient: Document, limit: int) -> list[Document]:
        field = f"x.{CONSENT_FIELD}"
        wanted = {f"{field}.patient": patient}
        rows = await find(self._database, "Consent", wanted, {field: 1}, limit=limit)
        return [row["x"][CONSENT_FIELD] for row in rows]

    async def fresh(self, key: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Give what `ask` says under this key, now or a moment ago."""
        known: Answer | None = self._answers.known(key)
        if known is not None:
            return known
        with reachable():
            return await self._answers.get(key, ask)

    async def keep(
        self, session: AsyncClientSession, changes: Iterable[Change], before: Before
    ) -> bool:
        """Write the relations of changed resources in their transaction; say if access changes."""
        touched = False
        new: list[Document] = []
        old: list[str] = []
        for change in changes:
            if change.method == "purge-history":
                continue
            source = f"{change.type}/{change.id}"
            stood = before.get((change.type, change.id), {}).get("x", {})
            fields = {} if change.method in ENDS else change.fields
            touched |= stood.get(CONSENT_FIELD) != fields.get(CONSENT_FIELD)
            if stood.get(CARE_FIELD) != fields.get(CARE_FIELD):
                old += [source] if CARE_FIELD in stood else []
                new += documents(source, fields)
        await _replace(self._database, session, old, new)
        return touched or bool(old or new)

    def forget(self) -> None:
        """Ask anew: something that decides access was changed here."""
        self._answers.forget()


def documents(source: str, fields: Mapping[str, Any]) -> list[Document]:
    """Give the relations a resource's index fields say, as they are stored."""
    return [
        {"_id": f"{source}/{number}", "source": source, **relation}
        for number, relation in enumerate(fields.get(CARE_FIELD, ()))
    ]


async def rewrite(
    database: Database,
    session: AsyncClientSession,
    type_: str,
    ids: Sequence[str],
    fields: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write the relations of resources anew from their index fields, in a transaction."""
    old = [f"{type_}/{id_}" for id_ in ids]
    new = [one for id_ in ids for one in documents(f"{type_}/{id_}", fields.get(id_, {}))]
    await _replace(database, session, old, new)


async def _replace(
    database: Database, session: AsyncClientSession, old: Sequence[str], new: Sequence[Document]
) -> None:
    for some in portions(old):
        await database[COLLECTION].delete_many({"source": {"$in": some}}, session=session)
    if new:
        await database[COLLECTION].insert_many(new, session=session)
