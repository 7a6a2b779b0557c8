"""The summary's lists run in parallel, and its codes follow what happened."""

from mappings.synthetic import record
from mappings.synthetic.charges import bill
from mappings.synthetic.plan import plan

VISITS = [(one.person, visit) for one in (plan(6, k) for k in range(300)) for visit in one.visits]


def summary(person, visit):
    return record.summary(person, visit, bill(person, visit))


def test_two_cards_have_two_spans_and_two_facilities():
    person, visit = next(one for one in VISITS if len(one[0].cards) > 1)
    row, year = summary(person, visit), visit.left.year
    assert row["MA_THE_BHYT"].split(";") == list(person.cards)
    assert row["GT_THE_TU"] == f"{year}0101;{year}0701"
    assert row["GT_THE_DEN"] == f"{year}0630;{year}1231"
    assert row["MA_DKBD"].count(";") == 1


def test_the_referred_are_not_improved():
    for person, visit in VISITS:
        row = summary(person, visit)
        assert (row["KET_QUA_DTRI"] == record.UNCHANGED) == bool(visit.referred_to)


def test_a_comparator_is_escaped():
    values = {row["GIA_TRI"] for person, visit in VISITS for row in record.results(person, visit)}
    assert "&lt;5" in values
    assert not any("<" in value for value in values)


def test_results_have_a_range_or_a_reader_s_words():
    for person, visit in VISITS:
        for row in record.results(person, visit):
            assert row["GIA_TRI"] or (row["MO_TA"] and row["KET_LUAN"])


def test_long_treatments_count_the_days_of_medicine():
    person, visit = next(one for one in VISITS if one[1].kind == "05")
    assert summary(person, visit)["SO_NGAY_DTRI"] == str(visit.prescriptions[0].days)
