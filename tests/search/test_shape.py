"""Shapes of searches, and the indexes that would serve them."""

from functools import partial

import pytest

from fhir_server.search.condition import And, AnyOf, Between, Not
from fhir_server.search.query import BY_ID, SortKey
from fhir_server.search.shape import MOST_INDEXES, Shape, may_hold_array, proposals, shape_of

ARRAYS = {"x.status", "x.code"}
NEWEST = (("x.date.lo", -1), ("_id", -1))
ID = (("_id", 1),)


def proposed(*slow, present=()):
    found = proposals(slow, {"Observation": present}, lambda _, field: field in ARRAYS)
    return [one.keys for one in found]


def shape(equal=(), ranges=(), others=(), order=ID):
    return Shape("Observation", equal, ranges, others, order)


def test_a_shape_has_fields_and_no_values():
    name = AnyOf("x.name", ("nguyen thi buoi",))
    condition = And((name, Between("x.date.lo", 1, 2), Not(AnyOf("x.status", ("*|final",)))))
    sort = (SortKey("x.date.lo", descending=True), BY_ID)
    found = shape_of("Observation", condition, sort)
    assert found == Shape(
        "Observation",
        ("x.name",),
        ("x.date.lo",),
        ("x.status",),
        (("x.date.lo", -1), ("_id", 1)),
    )
    assert "nguyen" not in repr(found)
    other = And((AnyOf("x.name", ("le",)), *condition.parts[1:]))
    assert shape_of("Observation", other, sort).digest == found.digest
    assert shape_of("Encounter", condition, sort).digest != found.digest


@pytest.mark.parametrize(
    ("slow", "keys"),
    [
        (shape(("x.status",), order=NEWEST), (("x.status", 1), *NEWEST)),
        (shape(("x.status", "x.subject"), order=NEWEST),
         (("x.subject", 1), ("x.status", 1), *NEWEST)),
        (shape(("x.code", "x.status")), (("x.code", 1), ("_id", 1))),
        (shape((), ("x.date.hi", "x.date.lo")), (("x.date.lo", 1),)),
        (shape((), ("x.date.lo",), order=NEWEST), NEWEST),
        (shape((), (), ("x.date.hi", "x.date.lo"), order=NEWEST), NEWEST),
        (shape((), ("x.code",)), (("x.code", 1),)),
        (shape(("x.status",), ("x.code",), order=(("x.code", 1), ("_id", 1))), (("x.status", 1),)),
        (shape(order=NEWEST), NEWEST),
    ],
)  # fmt: skip
def test_what_is_equal_comes_first_then_the_order_or_a_range(slow, keys):
    assert proposed(slow) == [keys]


@pytest.mark.parametrize(
    "slow",
    [
        shape(others=("x.status",)),
        shape(others=("x.status",), order=NEWEST),
        shape(("_id", "x.status")),
        shape(order=(("x.code", 1), ("_id", 1))),
    ],
)
def test_where_no_index_would_help_none_is_proposed(slow):
    assert proposed(slow) == []


def test_what_a_present_index_serves_is_not_proposed():
    slow = shape(("x.code", "x.subject"), order=NEWEST)
    turned = (("x.code", 1), ("x.subject", 1), ("x.date.lo", 1), ("_id", 1))
    assert proposed(slow, present=[turned]) == []
    assert proposed(slow, present=[turned[:2]]) != []
    assert len(proposed(slow, slow)) == 1


def test_a_collection_gets_no_more_indexes_than_mongodb_takes():
    present = [((f"x.{number}", 1),) for number in range(MOST_INDEXES - 1)]
    several = shape(("x.a",)), shape(("x.b",))
    assert len(proposed(*several, present=present)) == 1


@pytest.mark.parametrize(
    ("type_", "field", "several"),
    [
        ("Observation", "_id", False),
        ("Observation", "ts", False),
        ("Observation", "x.date.lo", False),
        ("Observation", "x.patient", False),
        ("Observation", "x.patient:identifier", True),
        ("Observation", "x.status", True),
        ("Appointment", "x.actor", True),
        ("Observation", "x._patient", True),
    ],
)
def test_a_field_may_hold_an_array_unless_its_parameter_has_one_value(spec, type_, field, several):
    assert may_hold_array(spec, type_, field) == several


def test_no_proposal_has_two_arrays(spec):
    slow = Shape("Observation", ("x.status", "x.code", "x.patient"), ("x._patient",))
    [found] = proposals([slow], {}, partial(may_hold_array, spec))
    assert sum(may_hold_array(spec, "Observation", field) for field, _ in found.keys) == 1
