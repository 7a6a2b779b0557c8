"""The shape of a search: its type, and fields with the kind of comparison; never a value."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import permutations

from fhir_server.search.condition import Condition
from fhir_server.search.plan import Keys, asked_by, code_of, order_of
from fhir_server.search.query import SortKey
from fhir_server.spec.spec import Spec

MOST_INDEXES = 64
# Of the fields asked for by equality, so many lead a proposed index.
_MOST_EQUAL = 3
# Kinds whose single value is no array in the index (`search/types`).
_SCALARS = ("date", "number", "quantity", "reference")


@dataclass(frozen=True, slots=True)
class Shape:
    """What searches have in common whose values alone differ; `order` are the keys of the sort."""

    type: str
    equal: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    order: Keys = ()

    @property
    def digest(self) -> str:
        """A name for it."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Proposal:
    """An index that would serve slow searches of this shape."""

    type: str
    keys: Keys
    shape: Shape


def shape_of(type_: str, condition: Condition, sort: Sequence[SortKey]) -> Shape:
    """Give the shape of a search."""
    asked = asked_by(condition)
    equal, ranges, others = (
        tuple(sorted(fields)) for fields in (asked.equal, asked.ranges, asked.others)
    )
    return Shape(type_, equal, ranges, others, order_of(sort))


def proposals(
    slow: Iterable[Shape],
    present: Mapping[str, Sequence[Keys]],
    is_array: Callable[[str, str], bool],
) -> list[Proposal]:
    """Give the indexes that would serve slow searches, the slowest first, and are not there yet.

    `is_array(type, field)`: the field may hold an array; MongoDB takes one such field in an index.
    No collection gets more than MOST_INDEXES.
    """
    known = {type_: list(indexes) for type_, indexes in present.items()}
    found = []
    for shape in slow:
        keys = _keys(shape, is_array)
        indexes = known.setdefault(shape.type, [])
        if keys and len(indexes) < MOST_INDEXES and not _covered(keys, shape, indexes):
            indexes.append(keys)
            found.append(Proposal(shape.type, keys, shape))
    return found


def may_hold_array(spec: Spec, type_: str, field: str) -> bool:
    """Say whether an index field may hold several values: unless its parameter has one only."""
    if not field.startswith("x."):
        return False
    param = spec.search_params(type_).get(code_of(field))
    scalar = param is not None and param.single and param.type in _SCALARS
    return not scalar or ":" in field


def _keys(shape: Shape, is_array: Callable[[str, str], bool]) -> Keys:
    """Give the fields asked for by equality, then the order, or else a range."""

    def array(field: str) -> bool:
        return is_array(shape.type, field)

    if "_id" in shape.equal:
        return ()
    single = [field for field in shape.equal if not array(field)]
    several = [field for field in shape.equal if array(field)]
    equal = [*single, *several[:1]][:_MOST_EQUAL]
    order = tuple(key for key in shape.order if key[0] not in equal)
    if any(array(field) for field, _ in order):
        order = ()
    # An order alone is followed from its beginning: of use where nothing but its key is asked for.
    asked = {code_of(field) for field in (*shape.ranges, *shape.others)}
    led = bool(equal) or bool(order and asked <= {code_of(order[0][0])})
    bounds = [field for field in shape.ranges if not (several and array(field))]
    # Where a range begins is what orders follow too.
    bounds.sort(key=lambda field: field.endswith(".hi"))
    tail = order if led and order else tuple((field, 1) for field in bounds[:1])
    return (*((field, 1) for field in equal), *tail)


def _covered(keys: Keys, shape: Shape, indexes: Iterable[Keys]) -> bool:
    count = sum(field in shape.equal for field, _ in keys)
    starts = [(*start, *keys[count:]) for start in permutations(keys[:count])]
    turned = [tuple((field, -way) for field, way in start) for start in starts]
    # An index is followed in both directions, so is the part behind what is equal.
    mixed = [(*start[:count], *other[count:]) for start, other in zip(starts, turned, strict=True)]
    return any(index[: len(keys)] in (*starts, *turned, *mixed) for index in indexes)
