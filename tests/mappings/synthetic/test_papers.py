"""Papers repeat the summary and add what is theirs."""

from mappings.synthetic import papers, record
from mappings.synthetic.charges import bill
from mappings.synthetic.people import staff_name
from mappings.synthetic.plan import plan

CITIZENS = [plan(6, number) for number in range(300)]
VISITS = [(one.person, visit) for one in CITIZENS for visit in one.visits]


def told(asked):
    person, visit = next(one for one in VISITS if asked(one[1]))
    return person, visit, record.summary(person, visit, bill(person, visit))


def test_a_letter_names_findings_medicines_and_what_to_do_next():
    person, visit, said = told(lambda visit: visit.referred_to)
    row = papers.referral(person, visit, said)
    assert row["HUONG_DIEU_TRI"] == visit.occasion.diagnosis.onward
    assert row["MA_NOI_DEN"] == said["MA_NOI_DEN"] != ""
    assert row["MA_LYDO_CT"] in {"1", "3"}
    for field in ("DAU_HIEU_LS", "QT_BENHLY", "TOMTAT_KQ", "TEN_DICH_VU", "SO_CHUYENTUYEN"):
        assert row[field]


def test_a_slip_is_for_the_day_the_summary_names():
    person, visit, said = told(lambda visit: visit.follow_up)
    row = papers.follow_up_slip(person, visit, said)
    assert row["NGAY_HEN_KL"][:8] == said["NGAY_TAI_KHAM"]
    assert row["SO_GIAYHEN_KL"].startswith("GHK-")


def test_a_discharge_paper_is_signed_by_the_doctor_of_the_visit():
    _, visit, said = told(lambda visit: visit.admitted)
    row = papers.discharge_paper(visit, said)
    assert row["TEN_BS"] == staff_name(visit.occasion.facility, visit.doctor)
    assert row["NGAY_CT"] == said["NGAY_RA"][:8]


def test_a_record_summary_tells_the_course_to_its_end():
    _, visit, said = told(lambda visit: visit.admitted)
    row = papers.record_summary(visit, said)
    assert row["QT_BENHLY"].startswith(visit.reason)
    assert "CSST" not in row["QT_BENHLY"]
    assert row["TOMTAT_KQ"]
