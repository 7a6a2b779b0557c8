import pytest

from mappings.terms.identifiers import (
    HL7_VIETNAM,
    Systems,
    citizen_number,
    facility_identifier,
    insurance,
    personal,
    tells,
)


def test_numbers_unique_in_a_facility_have_a_system_of_their_own():
    assert HL7_VIETNAM.sid("ma-bn", "99001") == "http://fhir.hl7.org.vn/core/sid/ma-bn/99001"
    assert Systems("http://x/").sid("cccd") == "http://x/sid/cccd"
    assert facility_identifier("99001")["value"] == "99001"


@pytest.mark.parametrize(
    "text", ["09918500000", "0991850000011", "09918500000a", "٠٩٩١٨٥٠٠٠٠٠١", ""]
)
def test_a_citizen_number_is_twelve_digits(text):
    assert citizen_number("099185000001") == "099185000001"
    assert citizen_number(text) == ""


@pytest.mark.parametrize(
    ("text", "kind"), [("099185000001", "NI"), ("099185001", "NI"), ("B1234567", "PPN")]
)
def test_a_personal_number_has_its_type(text, kind):
    found = personal(text, HL7_VIETNAM, vietnamese=True)
    assert found["type"]["coding"][0]["code"] == kind
    assert (found.get("use") == "old") == (len(text) == 9)


@pytest.mark.parametrize(
    ("card", "systems"),
    [
        ("DN4990000000001", ["bhyt", "bhxh"]),
        ("0000000001", ["bhxh"]),
        ("099185000001", []),
        ("DN9990000000001", [""]),
    ],
)
def test_a_card_carries_the_number_that_never_changes(card, systems):
    found = insurance(card, HL7_VIETNAM)
    assert [one.get("system", "").rpartition("/")[2] for one in found] == systems


@pytest.mark.parametrize(
    ("number", "sex", "year", "agrees"),
    [
        ("099185000001", "2", "1985", True),
        ("099185000001", "1", "1985", False),
        ("099185000001", "3", "1985", True),
        ("099185000001", "2", "1986", False),
        ("099210000001", "1", "2010", True),
        ("099310000001", "2", "1910", False),
    ],
)
def test_a_citizen_number_tells_sex_and_year_of_birth(number, sex, year, agrees):
    assert tells(number, sex, year) == agrees
