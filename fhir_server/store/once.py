"""Answers kept by key, in the transaction of what they answer: a retry is told the same again.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.errors import Unprocessable
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.store import chunks
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database
from fhir_server.store.veil import Veil

COLLECTION = "idempotency"


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is done once: `key` names it for its caller, `digest` is what it asks."""

    key: str
    digest: bytes


async def remembered(
    database: Database, session: AsyncClientSession, once: Once, veil: Veil | None = None
) -> FhirResponse | None:
    """Give the answer kept under this key; Unprocessable where it answered another request."""
    row = await database[COLLECTION].find_one({"_id": once.key}, session=session)
    if row is None:
        return None
    if row["digest"] != once.digest:
        raise Unprocessable("This Idempotency-Key was used for another request.", code="duplicate")
    [whole] = await chunks.joined(database, COLLECTION, [row | {"v": 0}], session)
    headers = [(name, value) for name, value in row["headers"]]
    kept = bytes(whole["body"])
    body = veil.open(COLLECTION, once.key, 0, kept) if veil else kept
    return FhirResponse(row["status"], body, headers, row["type"])


async def remember(
    database: Database,
    session: AsyncClientSession,
    once: Once,
    answer: FhirResponse,
    veil: Veil | None = None,
) -> None:
    """Keep the answer in the session's transaction; of two at once the second one conflicts."""
    body = veil.shut(COLLECTION, once.key, 0, answer.body, "") if veil else answer.body
    content, pieces = chunks.split(COLLECTION, once.key, 0, body)
    head: Document = {
        "_id": once.key,
        "digest": once.digest,
        "at": datetime.now(UTC),
        "status": answer.status,
        "headers": [list(pair) for pair in answer.headers],
        "type": answer.content_type,
    }
    for piece in pieces:
        await database.chunks.insert_one(piece | {"at": head["at"]}, session=session)
    await database[COLLECTION].insert_one(head | content, session=session)
