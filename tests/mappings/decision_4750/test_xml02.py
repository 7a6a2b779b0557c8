import pytest

from tests.mappings.decision_4750.hospital import mapped, resources

ROW = {
    "MA_LK": "TEST-1",
    "STT": "1",
    "MA_THUOC": "40.775",
    "TEN_THUOC": "Metformin 500 (thử)",
    "HAM_LUONG": "500mg",
    "DON_VI_TINH": "Viên",
    "DUONG_DUNG": "1.01",
    "LIEU_DUNG": "1 viên/lần * 2 lần/ngày * 28 ngày",
    "CACH_DUNG": "Uống sau ăn",
    "SO_LUONG": "56",
    "NGAY_YL": "202509011000",
    "MA_BAC_SI": "000001/TEST-CCHN;000002/TEST-CCHN",
}


def medicine(**fields):
    (found,) = resources(mapped(XML2=[ROW | fields]), "MedicationRequest")
    return found


def test_a_row_is_an_order_with_name_strength_and_code():
    found = medicine()
    concept = found["medicationCodeableConcept"]
    assert concept["text"] == "Metformin 500 (thử), 500mg"
    assert concept["coding"][0]["code"] == "40.775"
    assert found["dispenseRequest"] == {"quantity": {"value": 56, "unit": "Viên"}}


def test_the_first_doctor_answers_for_the_order_and_all_are_practitioners():
    visit = mapped(XML2=[ROW])
    assert [draft.key for draft in visit.practitioners] == [
        "Practitioner/000001/TEST-CCHN",
        "Practitioner/000002/TEST-CCHN",
    ]


def test_a_dose_in_the_decrees_pattern_is_read():
    (dosage,) = medicine()["dosageInstruction"]
    assert dosage["text"] == ROW["LIEU_DUNG"]
    assert dosage["patientInstruction"] == "Uống sau ăn"
    assert dosage["doseAndRate"] == [{"doseQuantity": {"value": 1, "unit": "viên"}}]
    repeat = dosage["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (2, 1, "d")
    assert repeat["boundsDuration"]["value"] == 28


@pytest.mark.parametrize(
    "text", ["Sáng 1, tối 1", "1 viên/lần * 2 lần/ngày, khi đau", "0 viên/lần * 2 lần/ngày"]
)
def test_any_other_dose_stays_text(text):
    (dosage,) = medicine(LIEU_DUNG=text)["dosageInstruction"]
    assert sorted(dosage) == ["patientInstruction", "route", "text"]


def test_an_order_that_was_carried_out_is_completed():
    assert medicine()["status"] == "active"
    assert medicine(NGAY_TH_YL="202509011020")["status"] == "completed"
