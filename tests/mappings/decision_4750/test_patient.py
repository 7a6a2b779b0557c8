import pytest

from mappings.mapping import Strength
from tests.mappings.decision_4750.hospital import mapped, resources

SID = "http://fhir.hl7.org.vn/core/sid/"
CARD = "DN4990000000001"


def identifiers(visit):
    return [
        (one.get("system", "").removeprefix(SID), one["value"])
        for one in visit.patient.resource["identifier"]
    ]


def test_a_person_is_matched_by_citizen_number_then_card_then_the_facilitys_own_number():
    assert mapped({"MA_THE_BHYT": CARD}).patient.matching == (
        Strength((f"{SID}cccd|099185000001",)),
        Strength((f"{SID}bhyt|{CARD}", f"{SID}bhxh|0000000001"), needs_demographics=True),
        Strength((f"{SID}ma-bn/99001|BN1",)),
    )


def test_without_citizen_number_or_card_the_facilitys_own_number_is_all_there_is():
    found = mapped({"SO_CCCD": ""}).patient
    assert found.matching == (Strength((f"{SID}ma-bn/99001|BN1",)),)


@pytest.mark.parametrize(
    ("number", "system"),
    [
        ("099185000001", "cccd"),
        ("099185001", "cmnd"),
        ("B1234567", "http://hl7.org/fhir/sid/passport-VNM"),
        ("P<123", ""),
    ],
)
def test_what_a_personal_number_is_shows_in_its_form(number, system):
    assert identifiers(mapped({"SO_CCCD": number}))[0] == (system, number)


def test_a_foreign_passport_has_no_system_but_is_a_passport():
    found = mapped({"SO_CCCD": "X1234567", "MA_QUOCTICH": "123"}).patient.resource["identifier"][0]
    assert "system" not in found
    assert found["type"]["coding"][0]["code"] == "PPN"


def test_a_citizen_number_used_as_a_card_is_a_citizen_number():
    found = mapped({"SO_CCCD": "", "MA_THE_BHYT": "099185000001"})
    assert identifiers(found) == [("cccd", "099185000001"), ("ma-bn/99001", "BN1")]
    (coverage,) = resources(found, "Coverage")
    assert coverage["subscriberId"] == "099185000001"


def test_ten_digits_used_as_a_card_are_the_social_insurance_number():
    assert ("bhxh", "9900000001") in identifiers(mapped({"MA_THE_BHYT": "9900000001"}))


@pytest.mark.parametrize(
    ("born", "date", "time"),
    [
        ("198503150000", "1985-03-15", None),
        ("198503000000", "1985-03", None),
        ("198500000000", "1985", None),
        ("19850315", "1985-03-15", None),
        ("202508310930", "2025-08-31", "2025-08-31T09:30:00+07:00"),
    ],
)
def test_a_birth_date_is_as_precise_as_it_is_known(born, date, time):
    found = mapped({"NGAY_SINH": born}).patient.resource
    said = found.get("_birthDate", {"extension": [{}]})["extension"][0].get("valueDateTime")
    assert (found["birthDate"], said) == (date, time)


@pytest.mark.parametrize(("code", "gender"), [("1", "male"), ("2", "female"), ("3", "unknown")])
def test_sex_is_gender(code, gender):
    assert mapped({"GIOI_TINH": code}).patient.resource["gender"] == gender


def test_death_here_has_its_time_and_death_elsewhere_none():
    here = mapped({"KET_QUA_DTRI": "5"}).patient.resource
    elsewhere = mapped({"KET_QUA_DTRI": "8"}).patient.resource
    assert here["deceasedDateTime"] == "2025-09-01T10:30:00+07:00"
    assert elsewhere["deceasedBoolean"] is True
    assert "deceasedBoolean" not in mapped().patient.resource


def test_each_card_is_a_coverage_with_its_own_dates():
    found = mapped({
        "MA_THE_BHYT": f"{CARD};GD4990000000001",
        "GT_THE_TU": "20250101;20250901",
        "GT_THE_DEN": "20250831;",
        "MA_DKBD": "99003;99004",
    })  # fmt: skip
    first, second = resources(found, "Coverage")
    assert first["period"] == {"start": "2025-01-01", "end": "2025-08-31"}
    assert second["period"] == {"start": "2025-09-01"}
    assert [one["value"] for one in second["identifier"]] == ["GD4990000000001"]


def test_the_uninsured_have_no_coverage():
    assert resources(mapped(), "Coverage") == []


def test_facilities_of_registration_are_general_practitioners():
    found = mapped({"MA_DKBD": "99003;01000"})
    assert len(found.patient.resource["generalPractitioner"]) == 1
    assert "Organization/99003" in [draft.key for draft in found.organizations]


def test_an_address_has_text_names_and_codes():
    (address,) = mapped().patient.resource["address"]
    assert (address["text"], address["city"], address["state"]) == (
        "Số 1, Phường Ba Đình, Thành phố Hà Nội",
        "Phường Ba Đình",
        "Thành phố Hà Nội",
    )
    assert [one["valueCoding"]["code"] for one in address["extension"]] == ["01", "00004"]
