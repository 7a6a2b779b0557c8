"""The order of a search on several types: type by type, or all in one line by time or id.

A row is `{type, _id, ts}`; the order names its fields, the type among them, so that it is total.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import (
    AnyOf,
    Between,
    Condition,
    Everything,
    Nothing,
    both,
    either,
)
from fhir_server.search.query import SortKey

Row: TypeAlias = tuple[Any, ...]

_TYPE = "type"
_FIELDS = {
    "": (_TYPE, "_id"),
    "_lastUpdated": ("ts", _TYPE, "_id"),
    "_id": ("_id", _TYPE),
}


@dataclass(frozen=True, slots=True)
class Order:
    """The fields rows are ordered by, all in one direction."""

    fields: tuple[str, ...]
    descending: bool = False

    @property
    def sort(self) -> tuple[SortKey, ...]:
        """The order of the rows of one type."""
        return tuple(
            SortKey(field, self.descending, nullable=False)
            for field in self.fields
            if field != _TYPE
        )

    @property
    def by_type(self) -> bool:
        """Whether all of one type comes before anything of the next."""
        return self.fields[0] == _TYPE

    @property
    def turned(self) -> "Order":
        """The same line, walked from its other end."""
        return Order(self.fields, not self.descending)

    def row(self, type_: str, identity: str, ts: int) -> Row:
        """Give the values of a row in the order of the fields."""
        known = {_TYPE: type_, "_id": identity, "ts": ts}
        return tuple(known[field] for field in self.fields)

    def key(self, row: Row) -> tuple[str, str]:
        """Give the type and the id of a row."""
        known = dict(zip(self.fields, row, strict=True))
        return known[_TYPE], known["_id"]

    def behind(self, last: Sequence[Any], type_: str) -> Condition:
        """Hold for the resources of a type that come after the row `last`."""
        ways: list[Condition] = []
        same: Condition = Everything()
        for field, value in zip(self.fields, last, strict=True):
            ways.append(both(same, self._further(field, value, type_)))
            if field != _TYPE:
                same = both(same, AnyOf(field, (value,)))
            elif type_ != value:
                break
        return either(*ways)

    def _further(self, field: str, value: Any, type_: str) -> Condition:
        if field == _TYPE:
            further = type_ < value if self.descending else type_ > value
            return Everything() if further else Nothing()
        if self.descending:
            return Between(field, None, value, single=True)
        above = value + 1 if isinstance(value, int) else f"{value}\0"
        return Between(field, above, None, single=True)


def order_of(sort: str) -> Order:
    """Give the order `_sort` asks of several types; Invalid for what they have not in common."""
    code = sort.removeprefix("-")
    if code not in _FIELDS or sort == "-":
        told = f"_sort={sort[:64]!r}: several types are sorted by _lastUpdated or _id only."
        raise Invalid(told, code="not-supported")
    return Order(_FIELDS[code], sort.startswith("-"))
