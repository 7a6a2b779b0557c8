"""Conditions evaluated on a document, with MongoDB's ways with arrays."""

import pytest

from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Contains,
    Element,
    Everything,
    Not,
    Nothing,
    Or,
    Present,
    Within,
    prefix,
)
from fhir_server.search.match import matches, values_at

DOCUMENT = {
    "_id": "1",
    "ts": 5,
    "x": {
        "code": ["a|1", "*|1"],
        "patient": "Patient/1",
        "date": {"lo": 10, "hi": 20},
        "event": [{"lo": 10, "hi": 20}, {"lo": 50, "hi": 60}],
        "name": ["alpha", "omega"],
        "pair": [{"a": ["1"], "b": [{"lo": 5}]}, {"a": ["2"]}],
        "point": [106.0, 11.0],
    },
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Everything(), True),
        (Nothing(), False),
        (AnyOf("_id", ("1", "2")), True),
        (AnyOf("x.code", ("*|1",)), True),
        (AnyOf("x.code", ("*|2",)), False),
        (AnyOf("x.code", ()), False),
        (AnyOf("x.patient", ("Patient/1",)), True),
        (AnyOf("x.event.lo", (50,)), True),
        (AnyOf("ts", (True,)), False),
        (Between("ts", 5, 6), True),
        (Between("ts", 6, None), False),
        (Between("ts", "5", None), False),
        (Between("x.name", "b", "p"), True),
        (Between("x.name", "b", "o"), False),
        (Between("x.patient", "P", "Q"), False),
        (Between("x.patient", "P", "Q", single=True), True),
        (Between("x.name"), True),
        (Present("x.date"), True),
        (Present("x.date.lo"), True),
        (Present("x.none"), False),
        (Present("x.patient.lo"), False),
        (Element("x.date", (Between("lo", 10, 11, single=True),), single=True), True),
        (Element("x.date", (Between("lo", 10, 11, single=True),)), False),
        (Element("x.event", (Between("lo", 10, 11, single=True), Between("hi", 60, None))), False),
        (Element("x.event", (Between("lo", 50, 51, single=True), Between("hi", 60, None))), True),
        (Element("x.event", (Or((AnyOf("lo", (1,)), AnyOf("hi", (20,)))),)), True),
        (Element("x.none", (Between("lo", 1),), single=True), False),
        (And((Present("x.code"), Present("ts"))), True),
        (Or((Present("x.none"), Present("ts"))), True),
        (Not(AnyOf("x.none", ("a",))), True),
        (Not(AnyOf("x.code", ("a|1",))), False),
        (Contains("x.name", "meg"), True),
        (Contains("x.name", "m.g"), False),
        (Contains("x.date.lo", "1"), False),
        (Element("x.pair", (AnyOf("a", ("1",)), Element("b", (Between("lo", 5),)))), True),
        (Element("x.pair", (AnyOf("a", ("2",)), Element("b", (Between("lo", 5),)))), False),
        (Element("x.pair", (Not(Present("b")),)), True),
        (Element("x.pair", (Between("a", "0", "2"),)), True),
        (Within("x.point", 106.0, 10.0, 112), True),
        (Within("x.point", 106.0, 10.0, 111), False),
        (prefix("x.name", "ome"), True),
        (prefix("x.name", "mega"), False),
    ],
)
def test_a_condition_holds_or_not(condition, expected):
    assert matches(condition, DOCUMENT) is expected


def test_values_are_read_through_arrays():
    assert values_at(DOCUMENT, "x.event.lo") == [10, 50]
    assert values_at(DOCUMENT, "x.date.lo") == [10]
    assert values_at(DOCUMENT, "x.none.lo") == []
