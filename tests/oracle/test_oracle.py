"""The oracle itself, by the examples of the standard: https://hl7.org/fhir/R4/search.html"""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import path
from tests.oracle.definitions import PARAMETERS
from tests.oracle.oracle import search
from tests.oracle.world import world_of

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MR = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}
CODES = "http://example.org/codes"
BASE = "http://example.org/fhir"


def found(resource, *parameters, **world):
    """Say whether a search for its type finds a resource."""
    resource = {"id": "1", **resource}
    return search(world_of(resource, **world), resource["resourceType"], parameters) == ["1"]


def test_every_expression_of_r4_is_read():
    for row in PARAMETERS:
        parts = [one["expression"] for one in row.get("component", ())]
        for text in (row.get("expression"), *parts):
            assert text is None or path.parse(text)


PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Carreno Quinones", "given": ["Eve"]}],
    "gender": "female",
    "identifier": [
        {"system": "http://example.org/sid", "value": "12345", "type": {"coding": [MR]}}
    ],
    "managingOrganization": {"reference": "Organization/9"},
    "generalPractitioner": [{"identifier": {"value": "44"}, "type": "Practitioner"}],
    "telecom": [{"system": "phone", "value": "0990"}],
}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("given", "eve", True),
        ("given", "Eve", True),
        ("given", "Evelyn", False),
        ("given:contains", "v", True),
        ("given:exact", "eve", False),
        ("given:exact", "Eve", True),
        ("family", "carreño", True),
        ("family", "quinones", False),
        ("name", "quinones", True),
        ("name:contains", "nones e", True),
        ("gender", "female", True),
        ("gender", "http://hl7.org/fhir/administrative-gender|female", True),
        ("gender", "http://hl7.org/fhir/observation-status|female", False),
        ("gender", "male,female", True),
        ("gender:not", "male,female", False),
        ("gender:not", "male", True),
        ("active:not", "true", True),
        ("gender:missing", "true", False),
        ("birthdate:missing", "true", True),
        ("identifier", "http://example.org/sid|", True),
        ("identifier", "|12345", False),
        ("identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|MR|12345", True),
        ("identifier:of-type", "http://terminology.hl7.org/CodeSystem/v2-0203|MR|1234", False),
        ("phone", "|0990", True),
        ("email", "0990", False),
        ("organization", "9", True),
        ("organization", f"{BASE}/Organization/9", True),
        ("organization", "Organization/9/_history/2", True),
        ("organization:Organization", "9", True),
        ("organization", "http://elsewhere.example.org/Organization/9", False),
        ("general-practitioner:identifier", "|44", True),
        ("deceased", "false", True),
        ("_id", "1", True),
    ],
)
def test_a_patient_is_found(name, value, expected):
    assert found(PATIENT, (name, value)) is expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("nguyen thi buoi", True),
        ("thi  buoi", True),
        ("BƯỞI", True),
        ("Nguye\u0302\u0303n", True),
        ("duc", False),
        ("guyen", False),
    ],
)
def test_vietnamese_names_are_folded(typed, expected):
    name = {"text": "Nguyễn Thị Bưởi"}
    assert found({"resourceType": "Patient", "name": [name]}, ("name", typed)) is expected
    named = {"resourceType": "Patient", "name": [{"family": "Đức"}]}
    assert found(named, ("family", "duc"))


@pytest.mark.parametrize(
    ("value", "asked", "expected"),
    [
        # The table of prefixes, the standard's own examples.
        ("2013-01-14", "eq2013-01-14", True),
        ("2013-01-14T00:00:00Z", "eq2013-01-14", True),
        ("2013-01-14T10:00:00Z", "eq2013-01-14", True),
        ("2013-01-15T00:00:00Z", "eq2013-01-14", False),
        ("2013-01-15T00:00:00Z", "ne2013-01-14", True),
        ("2013-01-14T00:00:00Z", "ne2013-01-14", False),
        ("2013-01-14T10:00:00Z", "ne2013-01-14", False),
        ("2013-01-14", "lt2013-01-14T10:00", True),
        ("2013-01-14", "gt2013-01-14T10:00", True),
        ("2013-03-14", "ge2013-03-14", True),
        ("2013-01-21", "ge2013-03-14", False),
        ("2013-03-14", "le2013-03-14", True),
        ("2013-03-15", "sa2013-03-14", True),
        ("2013-03-14", "sa2013-03-14", False),
        ("2013-03-13", "eb2013-03-14", True),
        ("2013-03-15", "ap2013-03-14", True),
        ("2013-03-17", "ap2013-03-14", False),
        # Half-open ranges of microseconds, and the zone.
        ("2013", "2013-01", False),
        ("2013-01", "2013", True),
        ("2013-01-14T23:59:59.999999Z", "2013-01-14", True),
        ("2013-01-14T23:59:59.9Z", "2013-01-14T23:59:59.91Z", False),
        ("2013-01-14T10:00:00+07:00", "2013-01-14T03:00Z", True),
    ],
)
def test_dates_compare_as_ranges(value, asked, expected):
    resource = {"resourceType": "Condition", "recordedDate": value}
    assert found(resource, ("recorded-date", asked)) is expected


@pytest.mark.parametrize(
    ("period", "asked", "expected"),
    [
        ({"start": "2013-03-14"}, "gt2100", True),
        ({"start": "2013-03-14"}, "sa2013-03-13", True),
        ({"start": "2013-03-14"}, "eq2013", False),
        ({"end": "2013-03-14"}, "lt1900", True),
        ({"end": "2013-03-14"}, "eb2013-03-15", True),
        ({"start": "2013-03", "end": "2013-03"}, "2013-03", True),
        ({"start": "2013-02", "end": "2013-04"}, "ap2013-03", True),
    ],
)
def test_a_period_without_an_end_goes_on(period, asked, expected):
    assert found({"resourceType": "Encounter", "period": period}, ("date", asked)) is expected


def test_a_date_without_a_zone_is_in_the_base_s_zone():
    at_night = {"resourceType": "Condition", "recordedDate": "2013-01-13T18:00:00Z"}
    assert found(at_night, ("recorded-date", "2013-01-14"), zone=HANOI)
    assert not found(at_night, ("recorded-date", "2013-01-14"))


def test_a_timing_counts_from_its_first_to_its_last_event():
    timing = {"event": ["2013-01-14", "2013-03-14"]}
    charge = {"resourceType": "ChargeItem", "occurrenceTiming": timing}
    assert found(charge, ("occurrence", "lt2013-02"))
    assert found(charge, ("occurrence", "gt2013-03-13"))
    assert not found(charge, ("occurrence", "sa2013-01-14"))


@pytest.mark.parametrize(
    ("value", "asked", "expected"),
    [
        # https://hl7.org/fhir/R4/search.html#number, its own table.
        ("99.5", "100", True),
        ("100.49", "100", True),
        ("100.5", "100", False),
        ("99.49", "100", False),
        ("99.995", "100.00", True),
        ("100.005", "100.00", False),
        ("50", "1e2", True),
        ("150", "1e2", False),
        ("100.01", "lt100", False),
        ("99.99", "lt100", True),
        ("100", "le100", True),
        ("100.01", "gt100", True),
        ("100", "gt100", False),
        ("100", "ge100", True),
        ("100.2", "ne100", False),
        ("100.5", "ne100", True),
        ("100", "sa100", False),
        ("110", "ap100", True),
        ("110.1", "ap100", False),
        ("0.3", "ap0", True),
        ("-3.2", "-3", True),
    ],
)
def test_a_number_stands_for_what_rounds_to_it(value, asked, expected):
    charge = {"resourceType": "ChargeItem", "factorOverride": Decimal(value)}
    assert found(charge, ("factor-override", asked)) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("5", False),
        ("gt5", True),
        ("lt5", True),
        ("sa3.9", True),
        ("sa4", False),
        ("eb6", False),
        ("1e1", False),
    ],
)
def test_a_range_is_all_between_its_ends(asked, expected):
    ends = {"low": {"value": Decimal(4)}, "high": {"value": Decimal(6)}}
    risk = {"resourceType": "RiskAssessment", "prediction": [{"probabilityRange": ends}]}
    assert found(risk, ("probability", asked)) is expected


def measured(**quantity):
    return {"resourceType": "Observation", "valueQuantity": quantity}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("5.4|http://unitsofmeasure.org|mg", True),
        ("5.40e-3|http://unitsofmeasure.org|g", True),
        ("5.4||mg", True),
        ("5.4||milligram", True),
        ("5.4", True),
        ("5.4|http://unitsofmeasure.org|mm", False),
        ("le5.4|http://unitsofmeasure.org|mg", True),
        ("lt0.0055|http://unitsofmeasure.org|g", True),
        ("0.01|http://unitsofmeasure.org|g", True),
        ("5.4|http://example.org/units|mg", False),
        ("5.5", False),
    ],
)
def test_a_quantity_is_found_in_any_unit_of_its_dimension(asked, expected):
    five = measured(
        value=Decimal("5.4"), system="http://unitsofmeasure.org", code="mg", unit="milligram"
    )
    assert found(five, ("value-quantity", asked)) is expected


@pytest.mark.parametrize(
    ("comparator", "asked", "expected"),
    [
        ("<", "lt5", True),
        ("<", "ge5", False),
        ("<=", "ge5", True),
        (">", "gt100", True),
        (">", "sa5", True),
        (">=", "sa5", False),
        ("<", "5", False),
    ],
)
def test_a_comparator_leaves_a_quantity_open(comparator, asked, expected):
    assert (
        found(measured(value=Decimal(5), comparator=comparator), ("value-quantity", asked))
        is expected
    )


def test_money_is_found_by_its_currency():
    charge = {
        "resourceType": "ChargeItem",
        "priceOverride": {"value": Decimal(5), "currency": "VND"},
    }
    assert found(charge, ("price-override", "5|urn:iso:std:iso:4217|VND"))
    assert not found(charge, ("price-override", "5|urn:iso:std:iso:4217|USD"))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("url", "http://acme.org/fhir/ValueSet/123", True),
        ("url", "http://acme.org/fhir/ValueSet", False),
        ("url:below", "http://acme.org/fhir/", True),
        ("url:below", "http://acme.org/fhir", True),
        ("url:below", "http://acme.org/fh", False),
        ("url:above", "http://acme.org/fhir/ValueSet/123/_history/5", True),
        ("url:above", "http://acme.org/fhir/ValueSet/1234", False),
    ],
)
def test_an_address_is_found_over_and_under_others(name, value, expected):
    value_set = {"resourceType": "ValueSet", "url": "http://acme.org/fhir/ValueSet/123"}
    assert found(value_set, (name, value)) is expected


def test_both_components_are_met_by_one_element():
    def part(code, value):
        return {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": Decimal(value)}}

    pressure = {"resourceType": "Observation", "component": [part("a", 120), part("b", 80)]}
    assert found(pressure, ("component-code-value-quantity", "a$120"))
    assert not found(pressure, ("component-code-value-quantity", "a$80"))
    assert found(pressure, ("component-code-value-quantity", "a$80,b$lt90"))


def test_codes_are_found_by_what_they_stand_under():
    condition = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": CODES, "code": "A.1"}], "text": "Sốt xuất huyết"},
    }
    world = {
        "parents": {CODES: {"A.1": "A"}},
        "value_sets": {"http://example.org/vs": frozenset({(CODES, "A.1")})},
    }
    for name, value, expected in [
        ("code:below", f"{CODES}|A", True),
        ("code:above", f"{CODES}|A", False),
        ("code:above", f"{CODES}|A.1", True),
        ("code:in", "http://example.org/vs", True),
        ("code:not-in", "http://example.org/vs", False),
        ("code:text", "xuat", True),
        ("code:text", "huyet sot", False),
    ]:
        assert found(condition, (name, value), **world) is expected, name


def test_places_are_found_near_a_point():
    position = {"latitude": Decimal("21.0285"), "longitude": Decimal("105.8542")}
    location = {"resourceType": "Location", "position": position}
    assert found(location, ("near", "21.03|105.85|1|km"))
    assert not found(location, ("near", "21.03|105.85|100|m"))
    assert found(location, ("near", "10.82|106.63|1140"))
    assert not found(location, ("near", "10.82|106.63|1120"))
