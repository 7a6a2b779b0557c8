from fhir_server.fhir import json
from mappings.mapping import draft_url
from tests.mappings.decision_4750.hospital import MA_LK, mapped, resources

SERVICE = {
    "MA_LK": MA_LK,
    "STT": "4",
    "MA_DICH_VU": "23.0075.1494",
    "TEN_DICH_VU": "Định lượng Glucose [Máu]",
    "MA_NHOM": "1",
    "SO_LUONG": "1",
    "DON_VI_TINH": "Lần",
    "MA_BAC_SI": "000001/TEST-CCHN",
    "NGUOI_THUC_HIEN": "000002/TEST-CCHN.C.99002;000003/TEST-CCHN",
    "MA_BENH": "E11.9;R73",
    "NGAY_YL": "202509010830",
    "NGAY_TH_YL": "202509010840",
}
SUPPLY = {
    "MA_LK": MA_LK,
    "STT": "5",
    "MA_VAT_TU": "N03.01",
    "TEN_VAT_TU": "Bơm tiêm",
    "MA_DICH_VU": "23.0075.1494",
    "SO_LUONG": "2.50",
    "DON_VI_TINH": "Cái",
    "NGAY_YL": "202509010830",
}


def test_a_service_is_an_order_and_what_was_done():
    visit = mapped(XML3=[SERVICE])
    (order,) = resources(visit, "ServiceRequest")
    (done,) = resources(visit, "Procedure")
    assert order["code"] == done["code"]
    assert done["basedOn"] == [{"reference": draft_url("99001", MA_LK, "ServiceRequest/XML3/4")}]
    assert done["performedDateTime"] == "2025-09-01T08:40:00+07:00"
    assert (order["status"], done["status"]) == ("completed", "completed")


def test_a_seconded_performer_is_the_same_practitioner():
    visit = mapped(XML3=[SERVICE])
    assert [draft.key.partition("/")[2] for draft in visit.practitioners] == [
        "000001/TEST-CCHN",
        "000002/TEST-CCHN",
        "000003/TEST-CCHN",
    ]
    (done,) = resources(visit, "Procedure")
    assert len(done["performer"]) == 2


def test_reasons_are_the_visits_conditions_where_it_has_them():
    (order,) = resources(mapped(XML3=[SERVICE]), "ServiceRequest")
    assert order["reasonReference"] == [{"reference": draft_url("99001", MA_LK, "Condition/E11.9")}]
    assert [one["coding"][0]["code"] for one in order["reasonCode"]] == ["R73"]


def test_what_was_not_carried_out_is_not_said_to_be_done():
    visit = mapped(XML3=[SERVICE | {"NGAY_TH_YL": ""}])
    assert resources(visit, "ServiceRequest")[0]["status"] == "active"
    assert resources(visit, "Procedure")[0]["status"] == "unknown"


def test_a_supply_is_delivered_even_when_it_names_its_service():
    visit = mapped(XML3=[SUPPLY])
    (found,) = resources(visit, "SupplyDelivery")
    assert found["suppliedItem"]["itemCodeableConcept"]["text"] == "Bơm tiêm"
    assert b'"value":2.50,' in json.dump(found)
    assert resources(visit, "ServiceRequest") == []


def test_a_row_that_is_neither_gives_nothing():
    visit = mapped(XML3=[{"MA_LK": MA_LK, "MA_XANG_DAU": "X1"}])
    assert len(visit.drafts) == len(mapped().drafts)


def test_a_supply_is_delivered_when_it_is_used_else_when_it_is_ordered():
    used = SUPPLY | {"STT": "6", "NGAY_TH_YL": "202509010900"}
    times = [
        one["occurrenceDateTime"][11:16]
        for one in resources(mapped(XML3=[SUPPLY, used]), "SupplyDelivery")
    ]
    assert times == ["08:30", "09:00"]


def test_a_bed_is_ordered_but_is_no_procedure():
    visit = mapped(XML3=[SERVICE | {"MA_NHOM": "15", "MA_GIUONG": "H001"}])
    assert len(resources(visit, "ServiceRequest")) == 1
    assert resources(visit, "Procedure") == []
    (encounter,) = resources(visit, "Encounter")
    assert encounter["location"][0]["location"]["display"] == "Giường H001"
