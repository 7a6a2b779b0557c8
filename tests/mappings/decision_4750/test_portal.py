import pytest

from mappings.decision_4750.visit import Visit
from tests.mappings.decision_4750.hospital import MA_LK, REFERRAL, mapped, resources

PAID = {"XML2": [{"MA_LK": MA_LK, "TEN_THUOC": "x", "THANH_TIEN_BV": "100.50"}]}
PAPER = {"MA_LK": MA_LK, "NGAY_CT": "20250905", "MA_TTDV": "9900000001"}
STAY = {"MA_LOAI_KCB": "03", "NGAY_RA": "202509051030"}


def told(summary=(), created="20251231", **tables):
    found = mapped(summary, created=created, **tables)
    assert isinstance(found, Visit)
    return {issue.expression for issue in found.issues if "the portal asks" not in str(issue)}


@pytest.mark.parametrize(
    ("summary", "tables", "where"),
    [
        ({"T_TONGCHI_BV": "90"}, PAID, "XML1.T_TONGCHI_BV"),
        ({"T_TONGCHI_BH": "1"}, PAID, "XML1.T_TONGCHI_BH"),
        ({"SO_NGAY_DTRI": "1"}, {}, "XML1.SO_NGAY_DTRI"),
        (STAY | {"SO_NGAY_DTRI": "4"}, {}, "XML1.SO_NGAY_DTRI"),
        ({"SO_CCCD": "09918500001"}, {}, "XML1.SO_CCCD"),
        ({"SO_CCCD": "099085000001"}, {}, "XML1.SO_CCCD"),
        ({"SO_CCCD": "099186000001"}, {}, "XML1.SO_CCCD"),
        ({"MA_THE_BHYT": "DN499"}, {}, "XML1.MA_THE_BHYT"),
        ({"MA_BENH_CHINH": "E11,I10"}, {}, "XML1.MA_BENH_CHINH"),
        ({"MA_BENH_KT": "I10;tim"}, {}, "XML1.MA_BENH_KT"),
        ({"NGAY_SINH": "202508200000", "SO_CCCD": ""}, {}, "XML1.NGAY_SINH"),
        ({}, {"XML8": [PAPER]}, "XML8"),
        ({}, {"XML13": [REFERRAL]}, "XML1.MA_LOAI_RV"),
        (
            {"MA_LOAI_RV": "2", "MA_NOI_DEN": "99003"},
            {"XML13": [REFERRAL]},
            "XML13.MA_NOI_DEN",
        ),
        ({}, {"XML3": [{"MA_LK": MA_LK, "SO_LUONG": "1"}]}, "XML3[1]"),
    ],
)
def test_what_the_portal_would_send_back_is_a_warning(summary, tables, where):
    assert where in told(summary, **tables)


@pytest.mark.parametrize(
    ("summary", "tables"),
    [
        ({}, {}),
        ({"T_TONGCHI_BV": "100.50", "T_TONGCHI_BH": "0"}, PAID),
        ({"T_TONGCHI_BV": "101"}, PAID),
        (STAY | {"SO_NGAY_DTRI": "5"}, {"XML8": [PAPER]}),
        ({"MA_LOAI_KCB": "05", "SO_NGAY_DTRI": "28"}, {}),
        ({"SO_CCCD": "C1234567"}, {}),
        ({"SO_CCCD": "123456789A", "MA_QUOCTICH": "840"}, {}),
        ({"GIOI_TINH": "3"}, {}),
        ({"MA_THE_BHYT": "DN4990000000001;9900000001;099185000001"}, {}),
        ({"MA_BENH_CHINH": "G63.2*", "MA_BENH_KT": "E14+;S72.00"}, {}),
        ({"NGAY_SINH": "202508201015", "SO_CCCD": ""}, {}),
        ({"NGAY_SINH": "202500000000", "SO_CCCD": ""}, {}),
        ({"MA_LOAI_RV": "2", "MA_NOI_DEN": "99002"}, {"XML13": [REFERRAL]}),
    ],
)
def test_what_the_portal_takes_is_not_remarked_on(summary, tables):
    assert told(summary, **tables) == set()


def test_a_visit_after_the_day_of_the_envelope_is_a_warning():
    assert told(created="20250831") == {"XML1.NGAY_VAO", "XML1.NGAY_RA"}


def test_the_marks_of_icd_are_no_part_of_the_code():
    found = mapped({"MA_BENH_CHINH": "E11.4†", "MA_BENH_KT": "G63.2*"})
    _, *coded = resources(found, "Condition")
    assert [one["code"]["coding"][0]["code"] for one in coded] == ["E11.4", "G63.2"]
