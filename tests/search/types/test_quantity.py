"""Quantity parameters: units as written and across units, comparators, ranges, money, samples."""

from decimal import Decimal

import pytest
from msgspec import Raw

from fhir_server.fhir.errors import Invalid
from fhir_server.search.index import index_fields
from fhir_server.search.match import matches
from fhir_server.search.parse import parse
from fhir_server.search.place import Place

UCUM = "http://unitsofmeasure.org"
FACTORS = {"g": (1, 0, "g"), "mg": ("0.001", 0, "g"), "K": (1, 0, "K"), "Cel": (1, "273.15", "K")}


def canonical(value, code):
    if code not in FACTORS:
        return None
    factor, offset, base = FACTORS[code]
    return value * Decimal(factor) + Decimal(offset), base


def found(spec, resource, *parameters):
    place = Place(types=spec.types, canonical=canonical)
    type_ = resource["resourceType"]
    query = parse(spec, type_, parameters, place, strict=True, max_count=9, default_count=9)
    fields = index_fields(spec, resource, place, identity="1")
    return matches(query.condition, {"_id": "1", "ts": 0, "x": fields})


def observation(value, unit="mg", **more):
    quantity = {"value": Raw(value.encode()), "unit": unit, "system": UCUM, "code": unit, **more}
    return {"resourceType": "Observation", "valueQuantity": quantity}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("5.4", True),
        ("5", True),
        ("5.40", True),
        ("5.41", False),
        (f"5.4|{UCUM}|mg", True),
        (f"5.4|{UCUM}|g", False),
        ("5.4||mg", True),
        ("5.4||milligram", False),
        ("5.4|http://example.org/units|mg", False),
        (f"0.0054|{UCUM}|g", True),
        (f"0.005|{UCUM}|g", True),
        (f"gt0.0053|{UCUM}|g", True),
        (f"gt0.0054|{UCUM}|g", False),
        (f"ge5.4|{UCUM}|mg", True),
        (f"5.4|{UCUM}|K", False),
        ("lt5.5,9", True),
        (f"ap5|{UCUM}|mg", True),
        (f"ne5|{UCUM}|g", True),
    ],
)
def test_a_quantity_is_found_by_number_and_unit(spec, asked, expected):
    assert found(spec, observation("5.4"), ("value-quantity", asked)) is expected


def test_half_a_unit_is_of_the_unit_asked_for(spec):
    for stored, expected in (("36.6", True), ("37.4", True), ("37.5", False)):
        resource = observation(stored, "Cel")
        assert found(spec, resource, ("value-quantity", f"37|{UCUM}|Cel")) is expected
    kelvin = observation("310.15", "K")
    assert found(spec, kelvin, ("value-quantity", f"37|{UCUM}|Cel"))
    assert not found(spec, kelvin, ("value-quantity", f"37.1|{UCUM}|Cel"))


def test_a_unit_nobody_can_convert_is_compared_as_written(spec):
    resource = observation("7", "[pH]")
    assert found(spec, resource, ("value-quantity", f"7|{UCUM}|[pH]"))
    assert not found(spec, resource, ("value-quantity", f"7|{UCUM}|[other]"))


def test_a_unit_is_found_by_its_name_too(spec):
    resource = observation("5", unit="viên", system="http://example.org/units", code="V")
    assert found(spec, resource, ("value-quantity", "5||viên"))
    assert found(spec, resource, ("value-quantity", "5||V"))
    assert found(spec, resource, ("value-quantity", "5|http://example.org/units|V"))
    assert not found(spec, resource, ("value-quantity", f"5|{UCUM}|V"))


@pytest.mark.parametrize(
    ("comparator", "asked", "expected"),
    [
        ("<", "lt4", True),
        ("<", "gt5", False),
        ("<", "5", False),
        ("<=", f"lt0.001|{UCUM}|g", True),
        (">", "gt1000", True),
        (">", "lt5", False),
        (">=", f"gt1|{UCUM}|g", True),
        ("<", "ge5", False),
        ("<=", "ge5", True),
        ("<", "eb5", True),
        ("<=", "eb5", False),
        (">", "le5", False),
        (">=", "le5", True),
        (">", "sa5", True),
        (">=", "sa5", False),
    ],
)
def test_a_comparator_leaves_a_side_open(spec, comparator, asked, expected):
    resource = observation("5", comparator=comparator)
    assert found(spec, resource, ("value-quantity", asked)) is expected


def test_a_range_is_a_range(spec):
    ends = {"low": {"value": 5, "code": "mg", "system": UCUM}, "high": {"value": 9}}
    resource = {
        "resourceType": "Condition",
        "onsetRange": {**ends, "high": {**ends["low"], "value": 9}},
    }
    assert found(spec, resource, ("onset-age", "gt8"), ("onset-age", f"lt0.006|{UCUM}|g"))
    assert not found(spec, resource, ("onset-age", "gt9"))
    assert not found(spec, resource, ("onset-age", "6"))


def test_money_is_counted_in_its_currency(spec):
    total = {"value": 150000, "currency": "VND"}
    resource = {"resourceType": "Invoice", "totalGross": total}
    assert found(spec, resource, ("totalgross", "150000||VND"))
    assert found(spec, resource, ("totalgross", "ge1e5|urn:iso:std:iso:4217|VND"))
    assert not found(spec, resource, ("totalgross", "150000||EUR"))


def test_samples_reach_from_the_least_to_the_greatest(spec):
    sampled = {"origin": {"value": 10}, "factor": Raw(b"0.5"), "data": "2 -4 E 6 U L", "period": 1}
    resource = {"resourceType": "Observation", "valueSampledData": sampled}
    assert found(spec, resource, ("value-quantity", "gt12.9"), ("value-quantity", "lt8.1"))
    assert not found(spec, resource, ("value-quantity", "gt13"))
    assert not found(spec, resource, ("value-quantity", "lt8"))


def test_number_and_unit_meet_in_one_value(spec):
    parts = [{"valueQuantity": {"value": v, "unit": u}} for v, u in ((1, "a"), (2, "b"))]
    resource = {"resourceType": "Observation", "component": parts}
    assert found(spec, resource, ("component-value-quantity", "1||a"))
    assert not found(spec, resource, ("component-value-quantity", "1||b"))


def test_one_value_is_one_sub_document(spec):
    place = Place(types=spec.types, canonical=canonical)
    fields = index_fields(spec, observation("5.4"), place, identity="1")
    assert fields["value-quantity"] == {
        "lo": "2500054",
        "hi": "2500054",
        "u": [f"{UCUM}|mg", "*|mg"],
    }
    assert fields["value-quantity:ucum"] == {"lo": "2499754", "hi": "2499754", "u": "g"}


@pytest.mark.parametrize("value", ["x", "5|mg", "5|", "5||", "5|a|", "5|a|b|c", "zz5||mg", "||mg"])
def test_what_is_no_quantity_is_refused(search, value):
    with pytest.raises(Invalid, match="value-quantity: "):
        search.ask("Observation", ("value-quantity", value))


@pytest.mark.parametrize(
    "value", [{}, {"value": "5"}, {"unit": "mg"}, {"value": {}}, {"value": Raw(b"1e999")}]
)
def test_an_odd_value_is_left_out(search, value):
    resource = {"resourceType": "Observation", "valueQuantity": value}
    assert "value-quantity" not in search.document(resource)["x"]


@pytest.mark.parametrize("unit", [{"code": 5}, {"system": [], "code": "mg"}, {"unit": {}}])
def test_an_odd_unit_stops_nothing(search, unit):
    resource = {"resourceType": "Observation", "valueQuantity": {"value": 5, **unit}}
    assert search.found(resource, ("value-quantity", "5"))
