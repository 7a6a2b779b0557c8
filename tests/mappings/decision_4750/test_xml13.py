from mappings.mapping import draft_url
from tests.mappings.decision_4750.hospital import MA_LK, REFERRAL, mapped, resources


def referral(summary=(), **fields):
    (found,) = resources(mapped(summary, XML13=[REFERRAL | fields]), "ServiceRequest")
    return found


def test_a_letter_is_an_order_with_its_numbers_scoped_by_facility():
    found = referral()
    said = {one["system"].partition("/sid/")[2]: one["value"] for one in found["identifier"]}
    assert said == {"so-giay-chuyen-tuyen/99001": "GCT1", "so-chuyen-tuyen/99001": "CT1"}
    assert found["requisition"]["value"] == "HS1"
    assert found["reasonCode"][0]["coding"][0]["code"] == "1"


def test_its_validity_has_a_start_only():
    found = referral()
    assert found["occurrencePeriod"] == {"start": "2025-09-01T10:30:00+07:00"}
    assert found["authoredOn"] == "2025-09-01T10:30:00+07:00"


def test_who_receives_the_patient_may_stand_in_the_summary_only():
    expected = [{"reference": draft_url("99001", MA_LK, "Organization/99002")}]
    assert referral()["performer"] == expected
    assert referral({"MA_NOI_DEN": "99002"}, MA_NOI_DEN="")["performer"] == expected
    assert "performer" not in referral(MA_NOI_DEN="")


def test_it_refers_to_diagnoses_and_to_its_prose():
    found = referral()
    assert found["reasonReference"] == [{"reference": draft_url("99001", MA_LK, "Condition/E11.9")}]
    assert found["supportingInfo"] == [
        {"reference": draft_url("99001", MA_LK, "Composition/XML13")}
    ]


def test_without_a_doctor_the_facility_refers():
    assert referral(MA_BAC_SI="")["requester"] == {
        "reference": draft_url("99001", MA_LK, "Organization/99001")
    }
