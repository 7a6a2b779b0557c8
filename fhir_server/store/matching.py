"""Many conditions at once: which resources each of them holds for, in one query where it can be.

A Bundle may have tens of thousands of conditional references, nearly all of them one identifier.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.search.condition import AnyOf, Condition, both
from fhir_server.search.match import by_condition
from fhir_server.store.documents import check_key
from fhir_server.store.filters import checked, to_filter
from fhir_server.store.horizon import Database

Rows = Sequence[Mapping[str, Any]]
# (condition, field, limit) → resources with the field.
Find = Callable[[Condition, str, int], Awaitable[Rows]]

# Rows beyond the wanted ones of each condition before they are asked one by one.
_SPARE = 1_000


async def matching(
    database: Database,
    session: AsyncClientSession,
    allow: Condition,
    type_: str,
    conditions: Iterable[Condition],
    *,
    most: int,
) -> dict[Condition, list[str]]:
    """Give for each condition the ids of up to `most` resources it holds for, [] for none."""
    check_key(type_)
    checked(allow)

    async def find(condition: Condition, field: str, limit: int) -> Rows:
        filter_ = to_filter(both(condition, allow))
        cursor = database[type_].find(
            filter_, {field: 1}, limit=limit, batch_size=limit, session=session
        )
        return await cursor.to_list()

    found: dict[Condition, list[str]] = {condition: [] for condition in conditions}
    alone: list[Condition] = [one for one in found if not isinstance(one, AnyOf)]
    for field, group in _by_field(found).items():
        rows = await _together(find, field, group, most)
        if rows is None:
            alone += group
        else:
            hits = by_condition(group, rows)
            found |= {condition: ids[:most] for condition, ids in hits.items()}
    for condition in alone:
        found[condition] = [row["_id"] for row in await find(condition, "_id", most)]
    return found


def _by_field(conditions: Iterable[Condition]) -> dict[str, list[AnyOf]]:
    groups: dict[str, list[AnyOf]] = {}
    for condition in conditions:
        if isinstance(condition, AnyOf):
            groups.setdefault(condition.field, []).append(condition)
    return groups


async def _together(find: Find, field: str, group: Sequence[AnyOf], most: int) -> Rows | None:
    """Give the resources any of the group holds for, with the field; None where they are many."""
    values = tuple(dict.fromkeys(value for one in group for value in one.values))
    limit = most * len(values) + _SPARE
    rows = await find(AnyOf(field, values), field, limit)
    return rows if len(rows) < limit else None
