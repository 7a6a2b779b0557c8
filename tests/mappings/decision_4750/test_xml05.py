import pytest

from fhir_server.fhir import json
from tests.mappings.decision_4750.hospital import MA_LK, mapped, resources


def course(text, **fields):
    row = {"MA_LK": MA_LK, "DIEN_BIEN_LS": text, "THOI_DIEM_DBLS": "202509010820"}
    return mapped({"CAN_NANG": ""}, XML5=[row | fields])


def signs(text):
    return {one["code"]["text"]: one for one in resources(course(text), "Observation")}


@pytest.mark.parametrize(
    "text",
    [
        "Tỉnh CSST<M75_T37_HA120/70_NT18_SP98_HL2> theo dõi",
        "CSST<M75_T37_HA120/70_ NT18_SP98_HL2>",
        "csst < M 75 _T37_ HA 120 / 70 _NT18_SP98%_HL2 >",
        "CSST&lt;M75_T37_HA120/70_NT18_SP98_HL2&gt;",
    ],
)
def test_vital_signs_are_read_out_of_the_note(text):
    found = signs(text)
    said = {
        name: one["valueQuantity"]["value"] for name, one in found.items() if "valueQuantity" in one
    }
    assert said == {"Mạch": 75, "Nhiệt độ": 37, "Nhịp thở": 18, "SpO2": 98}
    parts = found["Huyết áp"]["component"]
    assert [one["valueQuantity"]["value"] for one in parts] == [120, 70]
    assert found["Chế độ hộ lý"]["valueString"] == "Cấp 2"


def test_a_temperature_keeps_its_digits_and_reads_a_decimal_comma():
    assert b'"value":37.50,' in json.dump(signs("CSST<T37,50>")["Nhiệt độ"])


@pytest.mark.parametrize(
    "text", ["Tỉnh", "CSST<>", "CSST<M>", "CSST<HA120>", "M75_T37", "CSST<X9>"]
)
def test_what_is_no_sign_is_none(text):
    assert signs(text) == {}


def test_the_note_keeps_its_whole_text_and_what_was_decided():
    visit = course(
        "Tỉnh CSST<M75>", HOI_CHAN="Mổ", PHAU_THUAT="Cắt ruột thừa", NGUOI_THUC_HIEN="1/T"
    )
    (found,) = resources(visit, "ClinicalImpression")
    assert found["summary"] == "Tỉnh CSST<M75>"
    assert [one["text"] for one in found["note"]] == ["Hội chẩn: Mổ", "Phẫu thuật: Cắt ruột thừa"]
    assert "assessor" in found


def test_an_unclosed_block_of_any_length_has_no_signs():
    assert signs("CSST<" * 20_000 + "M" * 20_000) == {}
