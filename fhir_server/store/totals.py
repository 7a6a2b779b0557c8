"""How many resources a condition holds for: counted, or estimated from a sample.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/sample/
"""

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection

from fhir_server.fhir.errors import Unprocessable
from fhir_server.search.condition import Condition, both, is_open
from fhir_server.store import joins
from fhir_server.store.client import bounded
from fhir_server.store.documents import Document, check_key
from fhir_server.store.filters import Filter, checked, to_filter
from fhir_server.store.horizon import Database
from fhir_server.store.joins import Joins

Collection = AsyncCollection[Document]

# Up to here an estimate is exact.
COUNTED = 1_000
SAMPLE = 2_000


async def count(
    database: Database,
    allow: Condition,
    type_: str,
    condition: Condition,
    max_ms: int,
    *,
    session: AsyncClientSession | None = None,
) -> int | None:
    """Count the resources the condition holds for; None when that takes over `max_ms`."""
    check_key(type_)
    condition = both(condition, checked(allow))
    if is_open(condition):
        return await joins.count(Joins(database, session=session), type_, condition, max_ms)
    filter_ = to_filter(condition)
    try:
        async with bounded(database, max_ms / 1000):
            return await database[type_].count_documents(filter_, session)
    except Unprocessable:
        return None


async def estimate(
    database: Database,
    allow: Condition,
    type_: str,
    condition: Condition,
    seconds: float,
) -> int | None:
    """Estimate how many resources the condition holds for; None when that takes over `seconds`.

    Exact up to `COUNTED`. Beyond, the share of a sample of `SAMPLE` resources: two standard errors
    are at most 2.3 % of all resources of the type. Joins that are left are counted, not sampled.
    """
    check_key(type_)
    condition = both(condition, checked(allow))
    if is_open(condition):
        return await joins.count(Joins(database), type_, condition, round(seconds * 1000))
    filter_ = to_filter(condition)
    try:
        async with bounded(database, seconds):
            return await _estimated(database[type_], filter_)
    except Unprocessable:
        return None


async def _estimated(collection: Collection, filter_: Filter) -> int:
    if not filter_:
        return await collection.estimated_document_count()
    counted = await collection.count_documents(filter_, limit=COUNTED + 1)
    if counted <= COUNTED:
        return counted
    found = await collection.aggregate(
        [{"$sample": {"size": SAMPLE}}, {"$match": filter_}, {"$count": "n"}]
    )
    hits = sum(row["n"] for row in await found.to_list())
    everything = await collection.estimated_document_count()
    share: float = hits / min(SAMPLE, max(everything, counted))
    return max(counted, round(everything * share))
