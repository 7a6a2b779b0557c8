"""Number parameters: every prefix, the precision of what is asked, ranges."""

import pytest
from msgspec import Raw

from fhir_server.fhir.errors import Invalid


def risk(*predictions):
    return {"resourceType": "RiskAssessment", "prediction": list(predictions)}


def probability(text):
    return risk({"probabilityDecimal": Raw(text.encode())})


@pytest.mark.parametrize(
    ("asked", "stored", "expected"),
    [
        ("100", "99.5", True),
        ("100", "100.4", True),
        ("100", "100.5", False),
        ("100.0", "100.4", False),
        ("1.0e2", "95", True),
        ("1.0e2", "105", False),
        ("ne100", "100.4", False),
        ("ne100", "100.5", True),
        ("gt100", "100", False),
        ("gt100", "100.01", True),
        ("lt100", "99.99", True),
        ("lt100", "100", False),
        ("ge100", "100", True),
        ("ge100", "99.9", False),
        ("le100", "100.00", True),
        ("le100", "100.1", False),
        ("sa100", "100.1", True),
        ("sa100", "100", False),
        ("eb100", "99.9", True),
        ("eb100", "100", False),
        ("ap100", "110", True),
        ("ap100", "111", False),
        ("ap100", "90", True),
        ("ap-100", "-110", True),
        ("lt0", "-0.1", True),
        ("gt-2", "-1.5", True),
        ("gt-1.5", "-2", False),
        ("5,100", "100", True),
    ],
)
def test_a_number_is_compared_as_its_prefix_says(search, asked, stored, expected):
    assert search.found(probability(stored), ("probability", asked)) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("5", False), ("gt5", True), ("lt5", True), ("sa5", False), ("ap5", True), ("ge8.5", False)],
)
def test_a_range_lies_on_both_sides(search, asked, expected):
    between = {"low": {"value": 2}, "high": {"value": 8}}
    assert search.found(risk({"probabilityRange": between}), ("probability", asked)) is expected


def test_a_range_without_an_end_is_open_there(search):
    resource = risk({"probabilityRange": {"low": {"value": 2}}})
    assert search.found(resource, ("probability", "gt1e300"))
    assert not search.found(resource, ("probability", "lt2"))


def test_both_ends_are_met_by_one_value(search):
    resource = risk({"probabilityDecimal": 1}, {"probabilityDecimal": 9})
    assert search.found(resource, ("probability", "gt5"), ("probability", "lt5"))
    assert not search.found(resource, ("probability", "5"))


def test_one_value_is_one_sub_document(search):
    item = {"resourceType": "ChargeItem", "factorOverride": Raw(b"0.80")}
    assert search.document(item)["x"]["factor-override"] == {"lo": "249998", "hi": "249998"}
    assert search.found(item, ("factor-override", "0.8"), ("factor-override:missing", "false"))


@pytest.mark.parametrize("value", ["x", "xx5", "5|mg", "1e9999", "gt"])
def test_what_is_no_number_is_refused(search, value):
    with pytest.raises(Invalid, match="probability: "):
        search.ask("RiskAssessment", ("probability", value))


@pytest.mark.parametrize("value", [{}, "5", True, None, {"low": 5}])
def test_an_odd_value_is_left_out(search, value):
    assert "probability" not in search.document(risk({"probabilityDecimal": value}))["x"]
