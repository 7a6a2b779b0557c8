import pytest

from mappings.terms.codes import CODE_SYSTEMS, coded, fhir_code, lists
from mappings.terms.identifiers import HL7_VIETNAM

ACT_CODES = {"AMB", "IMP", "SS", "FLD", "HH", "VR"}


def test_closed_lists_are_closed_for_all_their_codes():
    closed = {name for name, found in lists().items() if all(one.strict for one in found.values())}
    assert closed == {"GIOI_TINH", "MA_LOAI_KCB", "KET_QUA_DTRI", "MA_LOAI_RV", "MA_LYDO_CT"}


@pytest.mark.parametrize(
    ("name", "count"),
    [("GIOI_TINH", 3), ("MA_LOAI_KCB", 16), ("KET_QUA_DTRI", 8), ("MA_DANTOC", 56)],
)
def test_a_list_has_its_codes(name, count):
    assert len(lists()[name]) == count


def test_every_form_of_care_has_a_class_and_every_sex_a_gender():
    assert {fhir_code("MA_LOAI_KCB", code) for code in lists()["MA_LOAI_KCB"]} == ACT_CODES
    assert [fhir_code("GIOI_TINH", code) for code in "123"] == ["male", "female", "unknown"]


def test_a_code_has_its_system_and_its_display_where_it_is_known():
    assert coded("MA_LOAI_RV", "1", HL7_VIETNAM) == {
        "coding": [
            {
                "system": "http://fhir.hl7.org.vn/core/CodeSystem/vn-discharge-disposition-cs",
                "code": "1",
                "display": "Ra viện",
            }
        ]
    }
    assert "display" not in coded("MA_KHOA", "K01", HL7_VIETNAM)["coding"][0]


def test_no_two_fields_share_a_code_system():
    assert len(set(CODE_SYSTEMS.values())) == len(CODE_SYSTEMS)
