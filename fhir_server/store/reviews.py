"""The queue of what somebody has to look at afterwards: every broken glass, until it is reviewed.

`reviews` has `{_id, ts, user, client, patient, reason, until, by?, reviewed?}`; times in µs. They
are kept for good.
"""

from dataclasses import dataclass

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.store.client import reachable
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

COLLECTION = "reviews"


@dataclass(frozen=True, slots=True)
class Review:
    """Who opened whose record, and why; `by` and `reviewed` are empty until somebody looked."""

    id: str
    ts: int
    user: str
    client: str
    patient: str
    reason: str
    until: int
    by: str = ""
    reviewed: int = 0


class Reviews:
    """The queue of one base. Errors are fhir.errors; Unavailable when it does not answer."""

    def __init__(self, database: Database) -> None:
        """Nothing is sent yet."""
        self._database = database

    async def waiting(self, limit: int = 1_000) -> list[Review]:
        """Give at most `limit` that nobody has reviewed, the oldest first."""
        with reachable():
            rows = self._database[COLLECTION].find({"reviewed": 0}).sort([("ts", 1), ("_id", 1)])
            return [_review(row) for row in await rows.limit(limit).to_list()]

    async def close(self, id_: str, by: str, now: int) -> bool:
        """Note who reviewed one; False where there is none, or it was reviewed already."""
        with reachable():
            done = await self._database[COLLECTION].update_one(
                {"_id": id_, "reviewed": 0}, {"$set": {"by": by, "reviewed": now}}
            )
        return bool(done.modified_count)


async def add(database: Database, session: AsyncClientSession, review: Review) -> None:
    """Put one into the queue, in a transaction."""
    row = {name: getattr(review, name) for name in Review.__slots__ if name != "id"}
    await database[COLLECTION].insert_one({"_id": review.id, **row}, session=session)


def _review(row: Document) -> Review:
    known = {name: row[name] for name in Review.__slots__ if name in row}
    return Review(id=row["_id"], **known)
