"""Documents in memory, as the store keeps them: by id, and by what is asked of their fields."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from fhir_server.search.condition import And, AnyOf, Condition
from fhir_server.search.match import matches, values_at
from fhir_server.search.query import SortKey
from fhir_server.store.documents import ENDS, Change, Document, Stored, stored

Key = tuple[str, str]
# Ids in the order they came, by the value of a field.
Table = dict[object, dict[str, None]]


class Documents:
    """The documents of each type; a field that is asked for has a table from then on."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, dict[str, Document]] = defaultdict(dict)
        self._past: dict[tuple[str, str, int], Stored] = {}
        self._tables: dict[Key, Table] = {}

    def stored(self, type_: str, id_: str) -> Stored | None:
        """Give what stands there; None where nothing does."""
        row = self._rows[type_].get(id_)
        return stored(type_, row) if row else None

    def version(self, type_: str, id_: str, version: int) -> Stored | None:
        """Give one version that was put."""
        return self._past.get((type_, id_, version))

    def before(self, changes: Iterable[Change]) -> Mapping[Key, Document]:
        """Give what stands where the changes write."""
        rows = ((one.type, one.id, self._rows[one.type].get(one.id)) for one in changes)
        return {(type_, id_): row for type_, id_, row in rows if row}

    def put(self, changes: Sequence[Change], made: Sequence[Stored]) -> None:
        """Keep the versions made of the changes."""
        for change, one in zip(changes, made, strict=True):
            old = self._rows[one.type].pop(one.id, None)
            for (type_, field), table in self._tables.items():
                if old and type_ == one.type:
                    for value in values_at(old, field):
                        table.get(value, {}).pop(one.id, None)
            if one.method in ENDS:
                continue
            new = {
                "_id": one.id, "v": one.version, "ts": one.ts, "body": one.body,
                "method": one.method, "x": change.fields,
            }  # fmt: skip
            self._rows[one.type][one.id] = new
            self._past[one.type, one.id, one.version] = one
            for (type_, field), table in self._tables.items():
                if type_ == one.type:
                    _enter(table, field, new)

    def found(self, type_: str, condition: Condition, sort: Sequence[SortKey]) -> list[Document]:
        """Give the documents a condition holds for, in this order."""
        rows = [one for one in self._candidates(type_, condition) if matches(condition, one)]
        for key in reversed(sort):
            rows.sort(key=partial(_rank, key), reverse=key.descending)
        return rows

    def _candidates(self, type_: str, condition: Condition) -> Iterable[Document]:
        """Give what the most telling equality of the condition leaves; else all of the type."""
        rows = self._rows[type_]
        parts = condition.parts if isinstance(condition, And) else (condition,)
        asked = [one for one in parts if isinstance(one, AnyOf)]
        if not asked:
            return list(rows.values())
        hits = [
            {
                id_: None
                for value in one.values
                for id_ in self._table(type_, one.field).get(value, ())
            }
            for one in asked
        ]
        return [rows[id_] for id_ in min(hits, key=len)]

    def _table(self, type_: str, field: str) -> Table:
        if (type_, field) not in self._tables:
            table = self._tables[type_, field] = {}
            for row in self._rows[type_].values():
                _enter(table, field, row)
        return self._tables[type_, field]


def _enter(table: Table, field: str, row: Document) -> None:
    for value in values_at(row, field):
        table.setdefault(value, {})[row["_id"]] = None


def _rank(key: SortKey, row: Document) -> tuple[bool, Any]:
    values = [value for value in values_at(row, key.field) if value is not None]
    return bool(values), (max if key.descending else min)(values) if values else 0
