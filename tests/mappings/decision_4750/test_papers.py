"""XML7, XML8 and the prose of XML13."""

from tests.mappings.decision_4750.hospital import MA_LK, REFERRAL, mapped, resources

DISCHARGE = {
    "MA_LK": MA_LK,
    "SO_LUU_TRU": "LT1",
    "CHAN_DOAN_RV": "Viêm phổi <nặng> & suy kiệt",
    "PP_DIEUTRI": "Kháng sinh",
    "MA_BS": "9900000002",
    "TEN_BS": "LÊ VĂN MẪU",
    "MA_TTDV": "9900000001",
    "NGAY_CT": "20250901",
    "SO_NGAY_NGHI": "3",
}


def paper(**tables):
    (found,) = resources(mapped(**tables), "Composition")
    return found


def titles(composition):
    return [one["title"] for one in composition["section"]]


def test_a_discharge_paper_has_type_date_author_and_signer():
    found = paper(XML7=[DISCHARGE])
    assert found["type"]["coding"][0]["code"] == "18842-5"
    assert (found["date"], found["author"][0]["display"]) == ("2025-09-01", "LÊ VĂN MẪU")
    assert found["attester"][0]["party"]["identifier"]["value"] == "9900000001"
    assert found["identifier"]["system"].endswith("/sid/so-luu-tru/99001")
    assert titles(found) == ["Chẩn đoán", "Phương pháp điều trị", "Nghỉ sau ra viện"]


def test_the_doctor_of_a_discharge_paper_has_a_name():
    (doctor,) = mapped(XML7=[DISCHARGE]).practitioners
    assert doctor.resource["name"][0]["text"] == "LÊ VĂN MẪU"
    assert doctor.resource["identifier"][0]["system"].endswith("/sid/bhxh")


def test_prose_cannot_bring_markup_along():
    said = paper(XML7=[DISCHARGE])["section"][0]["text"]["div"]
    assert "<p>Viêm phổi &lt;nặng&gt; &amp; suy kiệt</p>" in said


def test_lines_of_prose_are_paragraphs():
    said = paper(XML7=[DISCHARGE | {"PP_DIEUTRI": "Một\n\n hai"}])["section"][1]["text"]["div"]
    assert said.endswith("<p>Một</p><p>hai</p></div>")


def test_a_record_summary_is_the_facilitys():
    found = paper(XML8=[{"MA_LK": MA_LK, "NGAY_CT": "20250901", "QT_BENHLY": "Sốt"}])
    assert found["type"]["coding"][0]["code"] == "60591-5"
    assert found["author"] == [found["custodian"]]
    assert titles(found) == ["Quá trình bệnh lý và diễn biến lâm sàng"]


def test_a_paper_without_any_prose_has_no_sections():
    assert "section" not in paper(XML8=[{"MA_LK": MA_LK, "NGAY_CT": "20250901"}])


def test_treatment_said_in_two_fields_is_one_section():
    both = {"PP_DIEUTRI": "Thuốc", "PP_DIEU_TRI": "Thuốc"}
    found = paper(XML13=[REFERRAL | both])
    (treatment,) = [one for one in found["section"] if one["title"] == "Phương pháp điều trị"]
    assert treatment["text"]["div"].count("Thuốc") == 1


def test_a_referral_letter_is_dated_by_the_end_of_the_visit():
    assert paper(XML13=[REFERRAL])["date"] == "2025-09-01T10:30:00+07:00"
