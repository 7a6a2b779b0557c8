"""Joins as stages of an aggregation: what was too much to be answered ahead (store/joins).

https://www.mongodb.com/docs/manual/reference/operator/aggregation/lookup/
"""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from fhir_server.search.condition import (
    And,
    Chained,
    Condition,
    Not,
    Or,
    Present,
    Referring,
    both,
    either,
    is_open,
)
from fhir_server.store.documents import check_key
from fhir_server.store.filters import Filter, to_filter

Stage = dict[str, Any]

# An id has at most 64 letters.
_ID = 64


def pipeline(type_: str, condition: Condition, order: Sequence[Stage] = ()) -> list[Stage]:
    """Give the stages that find what a condition with Chained and Referring holds for.

    `order` stands before the joins, so that they end with what a `$limit` behind them lets through.
    Raises TypeError for another open question.
    """
    parts = condition.parts if isinstance(condition, And) else (condition,)
    plain = both(*(part for part in parts if not is_open(part)))
    stages: list[Stage] = [{"$match": to_filter(plain)}, *order]
    joined: list[Stage] = []
    answered = [_answered(type_, part, joined) for part in parts if is_open(part)]
    return [*stages, *joined, {"$match": to_filter(both(*answered))}]


def answers(condition: Condition) -> bool:
    """Say whether the pipeline can answer all questions of a condition."""
    match condition:
        case And() | Or():
            return all(map(answers, condition.parts))
        case Not():
            return answers(condition.part)
        case Chained() | Referring():
            return answers(condition.condition)
        case _:
            return not is_open(condition)


def _answered(type_: str, condition: Condition, joined: list[Stage]) -> Condition:
    """Give the condition on what the stages added to `joined` have found."""
    match condition:
        case And() | Or():
            parts = tuple(_answered(type_, part, joined) for part in condition.parts)
            return structs.replace(condition, parts=parts)
        case Not():
            return Not(_answered(type_, condition.part, joined))
        case Chained():
            return _chained(condition, joined)
        case Referring():
            return _referring(type_, condition, joined)
        case _:
            return condition


def _chained(join: Chained, joined: list[Stage]) -> Condition:
    prefix = f"{join.type}/"
    begins = {"$eq": [{"$substrCP": ["$$one", 0, len(prefix)]}, prefix]}
    ours = {"$filter": {"input": _list(f"${join.field}"), "as": "one", "cond": begins}}
    # Letters, not bytes: MongoDB fails where a piece ends within one.
    ids = {"$map": {"input": ours, "as": "one", "in": {"$substrCP": ["$$one", len(prefix), _ID]}}}
    found = _lookup(join, ids, "_id", joined)
    if not join.by_url:
        return found
    return either(found, _lookup(join, _list(f"${join.field}"), "x.url", joined))


def _referring(type_: str, join: Referring, joined: list[Stage]) -> Condition:
    names: list[Any] = [[{"$concat": [f"{type_}/", "$_id"]}]]
    if join.by_url:
        names.append(_list("$x.url"))
    return _lookup(join, {"$concatArrays": names}, join.field, joined)


def _lookup(join: Chained | Referring, keys: Any, field: str, joined: list[Stage]) -> Condition:
    check_key(join.type)
    name = f"j{len(joined)}"
    one = [{"$limit": 1}, {"$project": {"_id": 1}}]
    inner = pipeline(join.type, join.condition) if is_open(join.condition) else _plain(join)
    joined.append({"$set": {f"{name}k": keys}})
    joined.append(
        {
            "$lookup": {
                "from": join.type,
                "localField": f"{name}k",
                "foreignField": field,
                "pipeline": [*inner, *one],
                "as": name,
            }
        }
    )
    return Present(f"{name}.0")


def _plain(join: Chained | Referring) -> list[Filter]:
    return [{"$match": to_filter(join.condition)}]


def _list(field: str) -> Stage:
    """Give a field's values as an array, whether it is one, a scalar or missing."""
    whole = {"$cond": [{"$isArray": "$$value"}, "$$value", ["$$value"]]}
    return {"$let": {"vars": {"value": {"$ifNull": [field, []]}}, "in": whole}}
