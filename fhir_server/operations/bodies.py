"""Several resources by id, as far as they fit an answer."""

from collections.abc import Collection

from fhir_server.fhir.errors import Unprocessable
from fhir_server.interactions.context import Context
from fhir_server.search.condition import AnyOf, Condition
from fhir_server.search.query import BY_ID
from fhir_server.store.documents import Stored, portions


async def bodies(
    context: Context, allow: Condition, type_: str, ids: Collection[str], room: int
) -> dict[str, Stored]:
    """Give by id what is there of these ids, in their order.

    Raises Unprocessable (too-costly) where the bodies take more than `room` bytes.
    """
    rows: dict[str, Stored] = {}
    for some in portions(ids):
        wanted = AnyOf("_id", tuple(some))
        page = await context.store.search(allow, type_, wanted, (BY_ID,), len(some), size=room)
        room -= sum(map(size, page.found))
        if page.more or room < 0:
            told = "What this would answer with is larger than an answer may be; ask for less."
            raise Unprocessable(told, code="too-costly")
        rows |= {row.id: row for row in page.found}
    return {id_: rows[id_] for id_ in ids if id_ in rows}


def size(stored: Stored) -> int:
    """Give the bytes of a body."""
    return len(stored.body or b"")
