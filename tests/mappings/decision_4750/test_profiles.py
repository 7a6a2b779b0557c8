from mappings.decision_4750.profiles import claiming
from mappings.decision_4750.scene import period
from mappings.terms.identifiers import Systems
from tests.mappings.decision_4750.hospital import mapped, resources


def test_a_claim_is_under_the_base_that_is_set():
    found = claiming({"resourceType": "CarePlan"}, Systems("http://example.org/vn/"))
    claim = "http://example.org/vn/StructureDefinition/vn-care-plan"
    assert found == {"resourceType": "CarePlan", "meta": {"profile": [claim]}}


def test_a_resource_that_meets_no_profile_is_left_as_it_is():
    loose = {"resourceType": "Coverage", "subscriberId": "DN99"}
    assert claiming(loose, Systems()) is loose


def test_an_end_before_the_start_is_left_out():
    assert period("20260101", "20250101") == {"start": "2026-01-01"}
    assert period("202509010815", "20250901") == {
        "start": "2025-09-01T08:15:00+07:00",
        "end": "2025-09-01",
    }


def test_a_vital_sign_without_a_time_is_of_the_stay():
    visit = mapped(XML5=[{"MA_LK": "TEST-1", "DIEN_BIEN_LS": "CSST<M75>"}])
    (pulse,) = [one for one in resources(visit, "Observation") if "Mạch" in str(one["code"])]
    assert pulse["effectivePeriod"]["end"] == "2025-09-01T10:30:00+07:00"
    assert "effectiveDateTime" not in pulse
