"""Referential integrity inside a transaction: what is referred to exists, and stays.

https://hl7.org/fhir/R4/http.html#delete lets a server refuse what would leave a reference dangling.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhir_server.fhir.errors import Conflict, Issue, inside
from fhir_server.fhir.reference import RECORDS, parse, references
from fhir_server.search.condition import Condition
from fhir_server.search.index import REFERENCES_FIELD
from fhir_server.store.documents import ENDS, Change, Document, check_key, portions
from fhir_server.store.filters import to_filter
from fhir_server.store.horizon import Database
from fhir_server.store.steps import REFER, Allow
from fhir_server.store.write import decided, may

Key = tuple[str, str]
# By type, and what a caller may refer to of it, ids.
Places = Mapping[tuple[str, Condition | None], Collection[str]]

_FIELD = f"x.{REFERENCES_FIELD}"


def needed(allow: Allow, changes: Sequence[Change], seen: Collection[Key]) -> Places:
    """Give the ids of what has to be there for these changes of one caller.

    `seen` are resources this transaction has read already: they exist in its snapshot. What it ends
    itself is needed under no condition, and so is nowhere.
    """
    asked = [change for change in changes if change.integrity]
    if not asked:
        return {}
    changed = {(one.type, one.id) for one in changes}
    there = {(one.type, one.id) for one in changes if one.method not in ENDS}
    wanted = {key for change in asked for key in _targets(change)} - there - (set(seen) - changed)
    by_type: dict[str, set[str]] = {}
    for type_, id_ in wanted - changed:
        by_type.setdefault(type_, set()).add(id_)
    places: dict[tuple[str, Condition | None], Collection[str]] = {}
    for type_, ids in by_type.items():
        check_key(type_)
        places[type_, decided(allow, type_, REFER)] = ids
    return places | {(type_, None): [id_] for type_, id_ in wanted & changed}


def _targets(change: Change) -> Iterator[Key]:
    if change.method not in ENDS:
        for target in change.fields.get(REFERENCES_FIELD, ()):
            type_, _, id_ = target.partition("/")
            yield type_, id_


async def existing(
    database: Database, session: AsyncClientSession, needed: Iterable[Places]
) -> Places:
    """Give of all that is needed what is there: one query for each type and decision."""
    wanted: dict[tuple[str, Condition], set[str]] = {}
    for places in needed:
        for (type_, condition), ids in places.items():
            if condition is not None:
                wanted.setdefault((type_, condition), set()).update(ids)
    found: dict[tuple[str, Condition | None], set[str]] = {}
    for (type_, condition), ids in wanted.items():
        there = found[type_, condition] = set()
        for some in portions(ids):
            filter_ = {"$and": [{"_id": {"$in": some}}, to_filter(condition)]}
            rows = database[type_].find(filter_, {"_id": 1}, session=session)
            there |= {row["_id"] for row in await rows.to_list()}
    return found


def dangling(changes: Iterable[Change], needed: Places, there: Places) -> list[Issue]:
    """Give an issue for each reference to nothing, with its place."""
    lost = {
        (place[0], id_)
        for place, ids in needed.items()
        for id_ in set(ids).difference(there.get(place, ()))
    }
    if not lost:
        return []
    return [issue for one in changes if one.integrity for issue in _dangling(one, lost)]


def _dangling(change: Change, lost: Collection[Key]) -> Iterator[Issue]:
    for place, text in references(change.resource or {}):
        target = parse(text)
        if (target.type, target.id) in lost:
            told = f"{text[:80]} does not exist here; send it first, or in the same transaction."
            yield Issue("not-found", told, inside(change.place, place))


async def not_needed(
    database: Database, allow: Allow, changes: Sequence[Change], ended: Iterable[Change]
) -> None:
    """Raise Conflict where a resource that stays refers to one of those that are `ended`.

    A hundred types are asked in one query: one by one they are most of the time a delete takes.
    MongoDB has no $unionWith in transactions, so it is asked beside this one, of all that is
    committed by now: no less than the snapshot holds.
    https://www.mongodb.com/docs/manual/reference/operator/aggregation/unionWith/
    """
    deleted = [one for one in ended if one.integrity and one.method in ENDS]
    if not deleted:
        return
    targets = [f"{one.type}/{one.id}" for one in deleted]
    changed: dict[str, set[str]] = {}
    for one in changes:
        changed.setdefault(one.type, set()).add(one.id)
    for types, some in product(portions(await _types(database)), portions(targets)):
        first, *others = (_referring(type_, some, changed) for type_ in types)
        unions = [{"$unionWith": {"coll": type_, "pipeline": found}} for type_, found in others]
        type_, found = first
        async for row in await database[type_].aggregate([*found, *unions]):
            if row["_id"] not in changed.get(row["type"], ()):
                raise _needed(allow, row["type"], row, deleted)


def _referring(
    type_: str, targets: Sequence[str], changed: Mapping[str, Collection[str]]
) -> tuple[str, list[Document]]:
    """Give a type and what finds those that refer: beside the changed ones one more is enough."""
    return type_, [
        {"$match": {_FIELD: {"$in": targets}}},
        {"$limit": len(changed.get(type_, ())) + 1},
        {"$project": {"x": 1, "type": {"$literal": type_}}},
    ]


def _needed(
    allow: Allow, type_: str, row: Mapping[str, Any], deleted: Iterable[Change]
) -> Conflict:
    named = row["x"][REFERENCES_FIELD]
    change = next(one for one in deleted if f"{one.type}/{one.id}" in named)
    who = f"{type_}/{row['_id']}" if may(allow, type_, dict(row), REFER) else "Another resource"
    return Conflict(
        f"{who} refers to {change.type}/{change.id}; delete or change it first, or in the same "
        "transaction.",
        expression=change.place,
    )


async def _types(database: Database) -> list[str]:
    """Give the types whose references hold what they point at."""
    names = await database.list_collection_names()
    return sorted(name for name in names if name[:1].isupper() and _is_live(name))


def _is_live(name: str) -> bool:
    return not name.endswith("_history") and name not in RECORDS
