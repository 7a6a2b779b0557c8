"""Bills: rows in the decree's words, and a needle for every few nights."""

from mappings.synthetic.charges import bill
from mappings.synthetic.plan import plan

VISITS = [(one.person, visit) for one in (plan(5, k) for k in range(120)) for visit in one.visits]


def test_rows_are_numbered_from_one():
    for person, visit in VISITS:
        found = bill(person, visit)
        for rows in (found.medicines, found.services):
            assert [row["STT"] for row in rows] == [str(at) for at in range(1, len(rows) + 1)]


def test_only_a_stay_uses_supplies():
    for person, visit in VISITS:
        found = bill(person, visit)
        supplies = [row for row in found.services if row.get("MA_VAT_TU")]
        assert len(supplies) == bool(visit.admitted)
        assert bool(found.of_supplies.amount) == bool(visit.admitted)


def test_a_dose_is_written_as_the_decree_asks():
    person, visit = next(one for one in VISITS if one[1].prescriptions)
    told = bill(person, visit).medicines[0]["LIEU_DUNG"]
    given = visit.prescriptions[0]
    assert told.endswith(f"/lần * {given.medicine.times} lần/ngày * {given.days} ngày")


def test_the_uninsured_pay_everything_themselves():
    person, visit = next(one for one in VISITS if not one[0].cards)
    whole = bill(person, visit).whole
    assert whole.outside == whole.amount > 0
    assert whole.covered == whole.fund == 0
