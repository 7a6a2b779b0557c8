"""Plans: which index serves a condition and an order, and what is read whole."""

import json
from importlib.resources import files
from urllib.parse import parse_qsl

import pytest

from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Chained,
    Coded,
    Contains,
    Element,
    Everything,
    Not,
    Nothing,
    Or,
    Present,
    Referring,
)
from fhir_server.search.plan import Asked, asked_by, code_of, described, narrowed, plan
from fhir_server.search.query import BY_ID, SortKey

WANTED = json.loads(files("profiles").joinpath("server/indexes.json").read_text("utf-8"))
ID = (("_id", 1),)
STATUS, CODE = AnyOf("x.status", ("*|final",)), AnyOf("x.code", ("*|1",))
SINCE = Between("x.date.lo", 5)
BY_DATE = (SortKey("x.date.lo", descending=True), SortKey("_id", descending=True, nullable=False))
CODE_DATE = (("x.code", 1), ("x.date.lo", -1), ("_id", -1))
DATE = (("x.date.lo", -1), ("_id", -1))


def of(search, type_, query):
    asked = search.ask(type_, *parse_qsl(query))
    rows = [*WANTED["*"], *WANTED.get(type_, []), [["_id", 1]]]
    indexes = [tuple((field, way) for field, way in row) for row in rows]
    return plan(asked.condition, asked.sort, indexes)


@pytest.mark.parametrize(
    ("condition", "asked"),
    [
        (STATUS, Asked(equal=frozenset({"x.status"}))),
        (And((STATUS, SINCE)), Asked(frozenset({"x.status"}), frozenset({"x.date.lo"}))),
        (Not(STATUS), Asked(others=frozenset({"x.status"}))),
        (Present("x.a"), Asked(others=frozenset({"x.a"}))),
        (Between("x.a"), Asked(others=frozenset({"x.a"}))),
        (Contains("x.a", "b"), Asked(others=frozenset({"x.a"}))),
        (Everything(), Asked()),
        (Nothing(), Asked()),
        (Or(()), Asked()),
        (Or((STATUS, CODE)), Asked(others=frozenset({"x.status", "x.code"}))),
        (Or((STATUS, STATUS)), Asked(equal=frozenset({"x.status"}))),
        (Or((SINCE, AnyOf("x.date.lo", (1,)))), Asked(ranges=frozenset({"x.date.lo"}))),
        (Element("x.date", (Between("lo", 1), Between("hi", None, 2))),
         Asked(ranges=frozenset({"x.date.lo", "x.date.hi"}))),
        (Chained("x.patient", "Patient", STATUS), Asked(equal=frozenset({"x.patient"}))),
        (Referring("Observation", "x.patient", STATUS), Asked(equal=frozenset({"_id"}))),
        (Coded("x.code", "in", "http://example.org/vs"), Asked(equal=frozenset({"x.code"}))),
    ],
)  # fmt: skip
def test_a_condition_asks_fields_for_a_value_a_range_or_more(condition, asked):
    assert asked_by(condition) == asked


def test_an_index_serves_what_is_equal_then_the_order():
    found = plan(And((CODE, STATUS)), BY_DATE, [ID, CODE_DATE])
    assert (found.index, found.equal, found.ordered) == (CODE_DATE, ("x.code",), True)
    assert (found.compared, found.scans) == (("x.status",), False)


def test_an_index_is_followed_in_both_directions_but_not_in_a_mixture():
    forward = (SortKey("x.date.lo"), BY_ID)
    mixed = (SortKey("x.date.lo"), SortKey("_id", descending=True, nullable=False))
    assert plan(CODE, forward, [CODE_DATE]).ordered
    assert not plan(CODE, mixed, [CODE_DATE]).ordered


def test_a_range_bounds_the_field_behind_what_is_equal():
    found = plan(And((CODE, SINCE)), BY_DATE, [ID, DATE, CODE_DATE])
    assert (found.index, found.bounded, found.ordered) == (CODE_DATE, "x.date.lo", True)
    assert found.compared == ()


def test_the_index_that_narrows_most_is_taken():
    found = plan(And((CODE, SINCE)), (BY_ID,), [ID, DATE, (("x.code", 1),), CODE_DATE])
    assert found.index == CODE_DATE
    assert "Sorted after that: _id." in described(found, (BY_ID,))


@pytest.mark.parametrize("indexes", [[], [ID], [DATE], [ID, CODE_DATE], [DATE, (), CODE_DATE]])
@pytest.mark.parametrize(
    "condition",
    [STATUS, CODE, SINCE, Not(CODE), Or((CODE, STATUS)), Or((CODE, SINCE)), And((STATUS, SINCE)),
     And((Present("x.code"), AnyOf("_id", ("1",)))), Nothing(), Everything()],
)  # fmt: skip
def test_what_is_told_at_a_glance_is_what_the_plan_says(condition, indexes):
    found = plan(condition, (BY_ID,), indexes)
    assert narrowed(condition, indexes) == (found.narrows and not found.ways)


def test_what_no_index_begins_with_is_a_scan():
    assert plan(STATUS, (BY_ID,), [CODE_DATE]).scans
    # Its order has an index, but nothing says when a page will be full.
    found = plan(STATUS, (BY_ID,), [ID])
    assert (found.index, found.ordered, found.scans) == (ID, True, True)


def test_a_whole_type_in_the_order_of_an_index_is_no_scan():
    assert not plan(Everything(), (BY_ID,), [ID]).scans
    assert not plan(Everything(), BY_DATE, [ID, DATE]).scans
    assert plan(Everything(), BY_DATE, [ID]).scans
    assert plan(Everything(), (SortKey("x.code", single=False), BY_ID), [ID, CODE_DATE]).scans


def test_what_is_asked_of_the_sorted_parameter_alone_stands_together_in_its_index(search):
    assert not of(search, "Encounter", "date=ge2026-01&_sort=-date").scans
    assert of(search, "Encounter", "date=ge2026-01&status=finished&_sort=-date").scans


def test_alternatives_need_an_index_each():
    several = Or((STATUS, CODE))
    assert plan(several, (BY_ID,), [ID, CODE_DATE]).scans
    found = plan(several, (BY_ID,), [ID, CODE_DATE, (("x.status", 1),)])
    assert ([way.equal for way in found.ways], found.scans) == ([("x.status",), ("x.code",)], False)
    told = described(found, (BY_ID,))
    assert told[0] == "2 alternatives, each by an index of its own:"
    assert "Sorted after that: _id." in told


def test_alternatives_inside_one_element_need_an_index_each():
    ends = Or((Between("lo", 5), Between("hi", 6)))
    condition = Element("x.date", (ends,), single=True)
    assert plan(condition, (BY_ID,), [ID, DATE]).scans
    assert not plan(condition, (BY_ID,), [ID, DATE, (("x.date.hi", 1),)]).scans


@pytest.mark.parametrize(
    ("type_", "query", "scans"),
    [
        ("Observation", "patient=1&code=a&_sort=-date", False),
        ("Observation", "patient=1&_sort=code,category", False),
        ("Observation", "status=final", True),
        ("Observation", "status:not=final&patient=1", False),
        ("Observation", "encounter:missing=true", True),
        ("Patient", "name=an,binh", False),
        ("Patient", "gender=male", True),
        ("Patient", "_id=1,2", False),
        ("Patient", "_lastUpdated=gt2026&gender=male", False),
        ("Patient", "", False),
        ("Patient", "_sort=-_lastUpdated", False),
        ("Patient", "_sort=birthdate", True),
    ],
)
def test_searches_over_the_default_index_set(search, type_, query, scans):
    assert of(search, type_, query).scans == scans


@pytest.mark.parametrize(
    ("field", "code"),
    [("ts", "_lastUpdated"), ("_id", "_id"), ("x.date.lo", "date"), ("x.name:exact", "name")],
)
def test_a_field_is_of_a_parameter(field, code):
    assert code_of(field) == code


def test_a_plan_is_told_in_sentences():
    found = plan(And((CODE, SINCE, STATUS)), BY_DATE, [CODE_DATE])
    assert described(found, BY_DATE) == [
        "By the index x.code -x.date.lo -_id.",
        "Equal in it: x.code.",
        "In a range of it: x.date.lo.",
        "Compared in each that is read: x.status.",
    ]
    assert described(plan(STATUS, BY_DATE, []), BY_DATE) == [
        "No index serves it: every resource of the type is read.",
        "Compared in each that is read: x.status.",
        "Sorted after that: -x.date.lo -_id.",
    ]
