import pytest

from fhir_server.fhir import json
from tests.mappings.decision_4750.hospital import mapped, resources


def encounter(**summary):
    (found,) = resources(mapped(summary), "Encounter")
    return found


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("01", "AMB"),
        ("03", "IMP"),
        ("04", "SS"),
        ("09", "SS"),
        ("11", "FLD"),
        ("12", "HH"),
        ("14", "VR"),
    ],
)
def test_the_form_of_care_is_the_class(code, kind):
    found = encounter(MA_LOAI_KCB=code)
    assert found["class"]["code"] == kind
    assert found["type"][0]["coding"][0]["code"] == code


def test_a_visit_lasts_from_arrival_to_end_in_local_time():
    assert encounter()["period"] == {
        "start": "2025-09-01T08:15:00+07:00",
        "end": "2025-09-01T10:30:00+07:00",
    }
    assert encounter()["status"] == "finished"


def test_a_visit_without_an_end_goes_on():
    found = encounter(NGAY_RA="")
    assert found["status"] == "in-progress"
    assert "end" not in found["period"]


def test_the_hour_of_admission_divides_the_visit():
    found = encounter(MA_LOAI_KCB="03", NGAY_VAO_NOI_TRU="202509010900")["classHistory"]
    assert [one["class"]["code"] for one in found] == ["AMB", "IMP"]
    assert found[0]["period"]["end"] == found[1]["period"]["start"] == "2025-09-01T09:00:00+07:00"


def test_a_number_with_its_origin_is_a_referrals():
    found = encounter(GIAY_CHUYEN_TUYEN="GCT9", MA_NOI_DI="99002", MA_DOITUONG_KCB="1.3")
    (letter,) = found["basedOn"]
    assert letter["identifier"]["system"].endswith("/sid/so-giay-chuyen-tuyen/99002")
    assert "appointment" not in found


@pytest.mark.parametrize(
    ("origin", "scope"), [("", "99001"), ("99002", "99002")], ids=["own slip", "another's slip"]
)
def test_a_number_of_a_follow_up_is_a_slips(origin, scope):
    found = encounter(GIAY_CHUYEN_TUYEN="GHK9", MA_NOI_DI=origin, MA_DOITUONG_KCB="1.5")
    (slip,) = found["appointment"]
    assert slip["identifier"]["system"].endswith(f"/sid/so-giay-hen/{scope}")
    assert "basedOn" not in found


def test_where_from_where_to_and_how_are_the_hospitalization():
    found = encounter(MA_NOI_DI="99002", MA_NOI_DEN="99003", MA_LOAI_RV="2")["hospitalization"]
    assert sorted(found) == ["destination", "dischargeDisposition", "origin"]


def test_outcome_and_kind_of_insured_visit_are_extensions():
    said = [one["url"].rsplit("/", 1)[1] for one in encounter()["extension"]]
    assert said == ["vn-ext-insurance-visit-type", "vn-ext-treatment-outcome"]


def test_beds_are_places_of_the_visit():
    service = {"MA_LK": "TEST-1", "MA_DICH_VU": "K01.1", "MA_GIUONG": "H001;H002"}
    (found,) = resources(mapped(XML3=[service, service]), "Encounter")
    assert [one["location"]["display"] for one in found["location"]] == [
        "Giường H001",
        "Giường H002",
    ]


def test_treatment_and_advice_are_a_plan():
    (plan,) = resources(mapped({"PP_DIEU_TRI": "Thuốc", "GHI_CHU": "Ăn nhạt"}), "CarePlan")
    assert (plan["description"], plan["note"]) == ("Thuốc", [{"text": "Ăn nhạt"}])
    assert resources(mapped(), "CarePlan") == []


def test_procedures_named_in_the_summary_only_are_not_lost():
    done = {"MA_LK": "TEST-1", "MA_DICH_VU": "1", "MA_PTTT_QT": "33.22"}
    found = resources(mapped({"MA_PTTT_QT": "33.22;33.24"}, XML3=[done]), "Procedure")
    assert [one["code"]["coding"][-1]["code"] for one in found] == ["33.24", "33.22"]


def test_weight_keeps_its_digits():
    weight = resources(mapped({"CAN_NANG": "62.50"}), "Observation")[0]
    assert b'"value":62.50,' in json.dump(weight)


def test_a_newborns_weight_in_its_mothers_record_is_about_the_child():
    found = resources(mapped({"CAN_NANG": "", "CAN_NANG_CON": "3200;2900"}), "Observation")
    assert [one["focus"][0]["display"] for one in found] == ["Con thứ 1", "Con thứ 2"]
    assert [one["valueQuantity"]["value"] for one in found] == [3200, 2900]


def test_the_blood_group_is_an_observation():
    found = resources(mapped({"CAN_NANG": "", "NHOM_MAU": "O+"}), "Observation")
    assert [one["valueCodeableConcept"]["text"] for one in found] == ["O+"]


def test_a_newborn_is_weighed_some_time_in_the_stay():
    (found,) = resources(mapped({"CAN_NANG": "", "CAN_NANG_CON": "3200"}), "Observation")
    assert "effectiveDateTime" not in found
    assert found["effectivePeriod"] == {
        "start": "2025-09-01T08:15:00+07:00",
        "end": "2025-09-01T10:30:00+07:00",
    }
