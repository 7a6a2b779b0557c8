"""Orders no index follows: the sort values are worked out of each document by the database.

https://www.mongodb.com/docs/manual/reference/operator/aggregation/set/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_server.search.condition import Condition
from fhir_server.search.cursor import missing
from fhir_server.search.query import SortKey
from fhir_server.store.filters import to_filter

Stage = dict[str, Any]


def direction(key: SortKey) -> int:
    """Give MongoDB's 1 or -1."""
    return -1 if key.descending else 1


def ordered(
    sort: Sequence[SortKey], computed: Mapping[str, SortKey], rest: Condition
) -> list[Stage]:
    """Give the stages of an order: what is computed, what is left out, the sort itself.

    See `search/cursor.Step`.
    """
    values = {name: _value(key) for name, key in computed.items()}
    absent = {missing(name): {"$cond": [{"$eq": [f"${name}", None]}, 1, 0]} for name in computed}
    return [
        *([{"$set": values}, {"$set": absent}] if computed else ()),
        {"$match": to_filter(rest)},
        {"$sort": {key.field: direction(key) for key in sort}},
    ]


def _value(key: SortKey) -> Stage:
    """Give the lowest value of a key, descending the highest; null where there is none."""
    return {"$max" if key.descending else "$min": _values(key)}


def _values(key: SortKey) -> Any:
    path = f"${key.field}"
    if key.single:
        return path
    # x.<code> or x.<code>.lo: the embedded server's paths do not lead through an array.
    outer, code, *inner = key.field.split(".", 2)
    several = f"${outer}.{code}"
    listed = {"$cond": [{"$isArray": several}, several, [several]]}
    if inner:
        return {"$map": {"input": listed, "as": "one", "in": f"$$one.{inner[0]}"}}
    if key.prefix:
        beyond = key.prefix[:-1] + chr(ord(key.prefix[-1]) + 1)
        within = {"$and": [{"$gte": ["$$one", key.prefix]}, {"$lt": ["$$one", beyond]}]}
        return {"$filter": {"input": listed, "as": "one", "cond": within}}
    return path
