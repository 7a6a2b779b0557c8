import pytest

from fhir_server.fhir import json
from mappings.mapping import draft_url
from tests.mappings.decision_4750.hospital import MA_LK, mapped, resources

ROW = {
    "MA_LK": MA_LK,
    "MA_DICH_VU": "23.1",
    "MA_CHI_SO": "1000001",
    "TEN_CHI_SO": "Glucose",
    "GIA_TRI": "9.80",
    "DON_VI_DO": "mmol/L",
    "NGAY_KQ": "202509010930",
    "MA_BS_DOC_KQ": "000003/TEST-CCHN",
}


def order(service, time="", group="1"):
    return {
        "MA_LK": MA_LK,
        "MA_DICH_VU": service,
        "TEN_DICH_VU": f"Dịch vụ {service}",
        "MA_NHOM": group,
        "NGAY_KQ": time,
    }


def observations(visit):
    return [one for one in resources(visit, "Observation") if "issued" in one]


def test_rows_of_one_service_and_time_are_one_report():
    rows = [ROW, ROW | {"TEN_CHI_SO": "Ure"}, ROW | {"NGAY_KQ": "202509011000"}]
    reports = resources(mapped(XML4=rows), "DiagnosticReport")
    assert [len(one["result"]) for one in reports] == [2, 1]


def test_a_result_has_value_unit_code_and_time():
    visit = mapped(XML4=[ROW])
    (found,) = observations(visit)
    assert b'"value":9.80,"unit":"mmol/L"' in json.dump(found)
    assert found["issued"] == found["effectiveDateTime"] == "2025-09-01T09:30:00+07:00"
    assert found["code"]["coding"][0]["code"] == "1000001"


def test_a_report_answers_the_order_of_its_service_with_its_result_time():
    orders = [order("23.1"), order("23.1", "202509010930"), order("9.9")]
    (report,) = resources(mapped(XML3=orders, XML4=[ROW]), "DiagnosticReport")
    assert report["basedOn"] == [{"reference": draft_url("99001", MA_LK, "ServiceRequest/XML3/2")}]
    assert report["code"]["text"] == "Dịch vụ 23.1"


@pytest.mark.parametrize(
    ("group", "kind", "section"),
    [("1", "laboratory", "LAB"), ("2", "imaging", "RAD"), ("3", "procedure", "OTH")],
)
def test_the_cost_group_of_the_order_tells_the_kind_of_result(group, kind, section):
    visit = mapped(XML3=[order("23.1", group=group)], XML4=[ROW])
    assert observations(visit)[0]["category"][0]["coding"][0]["code"] == kind
    (report,) = resources(visit, "DiagnosticReport")
    assert report["category"][0]["coding"][0]["code"] == section


def test_an_image_has_words_and_the_report_their_conclusion():
    row = ROW | {"GIA_TRI": "", "MO_TA": "Phổi sáng", "KET_LUAN": "Bình thường"}
    visit = mapped(XML4=[row])
    (found,) = observations(visit)
    assert (found["valueString"], found["category"][0]["coding"][0]["code"]) == (
        "Phổi sáng",
        "imaging",
    )
    assert resources(visit, "DiagnosticReport")[0]["conclusion"] == "Bình thường"


def test_words_beside_a_value_are_a_note():
    (found,) = observations(mapped(XML4=[ROW | {"MO_TA": "Mẫu vỡ hồng cầu"}]))
    assert found["note"] == [{"text": "Mẫu vỡ hồng cầu"}]
    assert "valueQuantity" in found


def test_a_day_without_a_time_is_no_instant():
    (report,) = resources(mapped(XML4=[ROW | {"NGAY_KQ": "20250901"}]), "DiagnosticReport")
    assert report["effectiveDateTime"] == "2025-09-01"
    assert "issued" not in report


def test_a_range_in_the_description_is_the_results_reference_range():
    row = ROW | {"MO_TA": "Khoảng tham chiếu: 3.9 - 6.4 mmol/L"}
    (found,) = observations(mapped(XML4=[row]))
    assert "note" not in found
    assert b'"low":{"value":3.9,"unit":"mmol/L"' in json.dump(found["referenceRange"])


def test_any_other_description_is_a_note():
    (found,) = observations(mapped(XML4=[ROW | {"MO_TA": "Mẫu huyết tán"}]))
    assert "referenceRange" not in found
    assert found["note"] == [{"text": "Mẫu huyết tán"}]
