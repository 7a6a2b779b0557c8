"""The demonstration's citizen has a book worth opening."""

from mappings.synthetic.demonstration import CITIZENS, SEED, citizen_id
from mappings.synthetic.plan import plan


def test_the_citizen_is_one_of_the_demonstration():
    numbers = [plan(SEED, number).person.citizen_id for number in range(CITIZENS)]
    assert numbers.count(citizen_id()) == 1


def test_the_book_has_a_stay_a_referral_and_follow_ups():
    citizens = (plan(SEED, number) for number in range(CITIZENS))
    chosen = next(one for one in citizens if one.person.citizen_id == citizen_id())
    assert any(visit.admitted for visit in chosen.visits)
    assert any(visit.referred_to for visit in chosen.visits)
    assert any(visit.follow_up for visit in chosen.visits)
    assert len(chosen.visits) > 2
