"""Slow searches, noted by their shape: how often, how long; never whose, never a value."""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_server.search.plan import Keys
from fhir_server.search.shape import Shape
from fhir_server.store.documents import Document
from fhir_server.store.horizon import Database

COLLECTION = "slow_searches"
MOST_SHAPES = 1_000
KEPT = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Slow:
    """Searches of one shape: how many were slow, how long they took in all and at worst (ms)."""

    shape: Shape
    count: int
    total_ms: int
    worst_ms: int


async def note(database: Database, shape: Shape, ms: int) -> None:
    """Count a slow search; a shape beyond the `MOST_SHAPES` there are is passed over."""
    collection = database[COLLECTION]
    counted = {
        "$inc": {"count": 1, "total_ms": ms},
        "$max": {"worst_ms": ms},
        "$currentDate": {"at": True},
    }
    known = await collection.update_one({"_id": shape.digest}, counted)
    if known.matched_count or await collection.estimated_document_count() >= MOST_SHAPES:
        return
    told = {
        "type": shape.type,
        "equal": list(shape.equal),
        "ranges": list(shape.ranges),
        "others": list(shape.others),
        "order": [list(key) for key in shape.order],
    }
    await collection.update_one({"_id": shape.digest}, {**counted, "$setOnInsert": told}, True)


async def noted(database: Database) -> list[Slow]:
    """Give what was noted, what took longest in all first."""
    rows = await database[COLLECTION].find().sort("total_ms", -1).to_list(MOST_SHAPES)
    return [
        Slow(_shape(row), int(row["count"]), int(row["total_ms"]), int(row["worst_ms"]))
        for row in rows
    ]


def _shape(row: Document) -> Shape:
    equal, ranges, others = (tuple(row[kind]) for kind in ("equal", "ranges", "others"))
    return Shape(row["type"], equal, ranges, others, _keys(row["order"]))


def _keys(pairs: Sequence[tuple[str, int]]) -> Keys:
    return tuple((field, int(way)) for field, way in pairs)
