import pytest

from mappings.decision_4750.visit import Refused, Visit
from tests.mappings.decision_4750.hospital import REFERRAL, SLIP, errors, mapped


@pytest.mark.parametrize(
    ("summary", "tables", "where"),
    [
        ({"MA_CSKCB": "99009"}, {}, "XML1.MA_CSKCB"),
        ({"NGAY_RA": "202508312359"}, {}, "XML1.NGAY_RA"),
        ({"NGAY_SINH": "202509020000"}, {}, "XML1.NGAY_SINH"),
        ({}, {"XML13": [REFERRAL | {"HO_TEN": "TRẦN VĂN KHÁC"}]}, "XML13.HO_TEN"),
        ({}, {"XML14": [SLIP | {"NGAY_SINH": "198603150000"}]}, "XML14.NGAY_SINH"),
        ({}, {"XML14": [SLIP | {"GIOI_TINH": "1"}]}, "XML14.GIOI_TINH"),
        ({}, {"XML14": [SLIP | {"MA_CSKCB": "99009"}]}, "XML14.MA_CSKCB"),
        ({}, {"XML4": [{"MA_LK": "TEST-2", "TEN_CHI_SO": "x"}]}, "XML4[1].MA_LK"),
    ],
)
def test_a_contradiction_refuses_the_visit(summary, tables, where):
    found = mapped(summary, **tables)
    assert isinstance(found, Refused)
    assert errors(found) == [where]


@pytest.mark.parametrize(
    ("summary", "tables", "where"),
    [
        ({"NGAY_VAO_NOI_TRU": "202508310000"}, {}, "XML1.NGAY_VAO_NOI_TRU"),
        ({}, {"XML14": [SLIP | {"NGAY_HEN_KL": "20250801"}]}, "XML14.NGAY_HEN_KL"),
        ({"MA_LOAI_RV": "2"}, {}, "XML1.MA_NOI_DEN"),
        ({"CAN_NANG": "nặng"}, {}, "XML1.CAN_NANG"),
        ({"CAN_NANG": "0"}, {}, "XML1.CAN_NANG"),
        (
            {"MA_THE_BHYT": "DN4990000000001", "GT_THE_TU": "20250101;20250201"},
            {},
            "XML1.GT_THE_TU",
        ),
        ({"MA_BENH_KT": ";".join(f"I{n}" for n in range(10, 23))}, {}, "XML1.MA_BENH_KT"),
        (
            {},
            {"XML4": [{"MA_LK": "TEST-1", "TEN_CHI_SO": "x", "GIA_TRI": "1"}]},
            "XML4[1].NGAY_KQ",
        ),
    ],
)
def test_an_oddity_is_a_warning(summary, tables, where):
    found = mapped(summary, **tables)
    assert isinstance(found, Visit)
    assert (where, "warning") in [(issue.expression, issue.severity) for issue in found.issues]


def test_the_same_name_in_other_letters_is_the_same_person():
    assert isinstance(mapped(XML14=[SLIP | {"HO_TEN": "Nguyễn Thị  Bưởi"}]), Visit)


@pytest.mark.parametrize("born", ["202500000000", "202509000000", "202509010814", "202509010900"])
def test_a_birth_date_is_compared_as_far_as_it_is_known(born):
    assert isinstance(mapped({"NGAY_SINH": born}), Visit)
