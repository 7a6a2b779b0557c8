"""Keyset paging: where a page ended, as a signed text, and the Condition for what follows.

MongoDB sorts a missing field first; FHIR readers want it last. So an order with nullable keys is
walked in steps: in each step every sort field is either present in all documents or left out of
the order. A page asks the steps one after the other until it is full:

    for step in steps(query.sort, position):
        page = await store.search(allow, type, both(query.condition, step.condition), step.sort, n)

and its next link is `seal(key, query, Position(step.number, values_of(step.sort, last_document)))`.
A document that matches throughout, and keeps its sort values, is met exactly once, whatever is
written in the meantime.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import (
    AnyOf,
    Between,
    Condition,
    Everything,
    Not,
    Present,
    both,
    either,
)
from fhir_server.search.match import values_at
from fhir_server.search.query import SearchQuery, SortKey

SIGNATURE_BYTES = 16
FREE = ("_count", "_format", "_pretty")


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: its step, its sort values there, and the walk's time bound.

    `bound` (us since the epoch) is when the first page was read; it ends a walk in the order of
    lastUpdated, which would otherwise run after its own tail for ever. None: no bound.
    """

    step: int
    values: tuple[str | int, ...]
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the order: documents that meet `condition`, sorted by `sort`."""

    number: int
    condition: Condition
    sort: tuple[SortKey, ...]


def steps(
    sort: Sequence[SortKey], position: Position | None = None, *, bound: int | None = None
) -> tuple[Step, ...]:
    """Give the steps of an order, from the start or from after `position`.

    `bound` is for the first page; later pages take it from the position.
    """
    if position is not None:
        bound = position.bound
    limit: Condition = Everything()
    if bound is not None and any(key.field == "ts" for key in sort):
        limit = Between("ts", None, bound + 1)
    start = position.step if position else 0
    found = []
    for number, (condition, kept) in enumerate(_split(tuple(sort))):
        if number < start:
            continue
        rest = after(kept, position.values) if position and number == start else Everything()
        found.append(Step(number, both(condition, limit, rest), kept))
    return tuple(found)


def after(sort: Sequence[SortKey], values: Sequence[str | int]) -> Condition:
    """Hold for the documents behind the row that has these sort values (no field missing).

    Raises Invalid when there are not as many values as keys.
    """
    if len(values) != len(sort):
        raise _broken()
    first = _at_or_behind(sort[0], values[0])
    ways = []
    for place, key in enumerate(sort):
        same = [_at(*pair) for pair in zip(sort[:place], values[:place], strict=True)]
        ways.append(both(*same, _behind(key, values[place])))
    return both(first, either(*ways))


def values_of(sort: Sequence[SortKey], document: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give a document's sort values: of an array the lowest, descending the highest."""
    return tuple(
        (max if key.descending else min)(values_at(document, key.field)) for key in sort
    )


def seal(key: bytes, query: SearchQuery, position: Position) -> str:
    """Give the text of `_page`: the position, bound to this query, signed with HMAC-SHA256."""
    body = msgspec.msgpack.encode((position.step, position.values, position.bound))
    return base64.urlsafe_b64encode(_sign(key, query, body) + body).rstrip(b"=").decode()


def unseal(key: bytes, query: SearchQuery) -> Position | None:
    """Give the position in `query.after`, None for a first page.

    Raises Invalid (400) unless the text was made by `seal` with this key for this query.
    """
    if query.after is None:
        return None
    try:
        raw = base64.b64decode(query.after + "=" * (-len(query.after) % 4), b"-_", validate=True)
    except ValueError:
        raise _broken() from None
    signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(key, query, body)):
        raise _broken()
    step, values, bound = msgspec.msgpack.decode(body)
    return Position(step, tuple(values), bound)


def _sign(key: bytes, query: SearchQuery, body: bytes) -> bytes:
    asked = [query.type, *(pair for pair in query.applied if pair[0] not in FREE)]
    question = hashlib.sha256(msgspec.msgpack.encode(asked)).digest()
    return hmac.digest(key, question + body, "sha256")[:SIGNATURE_BYTES]


def _broken() -> Invalid:
    return Invalid("_page is not a link of this search; follow the links of its answers.")


def _split(sort: tuple[SortKey, ...]) -> Iterator[tuple[Condition, tuple[SortKey, ...]]]:
    place = next((place for place, key in enumerate(sort) if key.nullable), None)
    if place is None:
        yield Everything(), sort
        return
    key = sort[place]
    present = SortKey(key.field, key.descending, key.single, nullable=False)
    for condition, kept in _split((*sort[:place], present, *sort[place + 1 :])):
        yield both(Present(key.field), condition), kept
    for condition, kept in _split((*sort[:place], *sort[place + 1 :])):
        yield both(Not(Present(key.field)), condition), kept


def _at(key: SortKey, value: str | int) -> Condition:
    here = AnyOf(key.field, (value,))
    return here if key.single else both(here, Not(_beyond(key, value)))


def _behind(key: SortKey, value: str | int) -> Condition:
    if key.single:
        low, high = (None, value) if key.descending else (_next(value), None)
        return Between(key.field, low, high, single=True)
    return both(Not(AnyOf(key.field, (value,))), Not(_beyond(key, value)))


def _at_or_behind(key: SortKey, value: str | int) -> Condition:
    """A bound an index can start from; says no more than the ways that follow it."""
    if not key.single:
        return Everything()
    low, high = (None, _next(value)) if key.descending else (value, None)
    return Between(key.field, low, high, single=True)


def _beyond(key: SortKey, value: str | int) -> Condition:
    """Hold for an array with an element that sorts before `value`: that row came earlier."""
    if key.descending:
        return Between(key.field, _next(value), None)
    return Between(key.field, None, value)


def _next(value: str | int) -> str | int:
    return value + 1 if isinstance(value, int) else value + "\0"
