"""Lives: the same for the same numbers, in order, with papers that lead to the next visit."""

import pytest

from mappings.synthetic.plan import FIRST_DAY, LAST_DAY, plan

CITIZENS = [plan(4750, number) for number in range(400)]
PAIRS = [pair for one in CITIZENS for pair in zip(one.visits, one.visits[1:], strict=False)]


@pytest.mark.parametrize("number", [0, 7, 399])
def test_a_citizen_depends_on_seed_and_number_alone(number):
    assert plan(4750, number) == CITIZENS[number]


def test_another_seed_gives_other_people():
    assert plan(4751, 7).person.name != CITIZENS[7].person.name


def test_everybody_comes_one_to_six_times_between_2023_and_2026():
    assert all(1 <= len(one.visits) <= 6 for one in CITIZENS)
    for one in CITIZENS:
        for visit in one.visits:
            assert FIRST_DAY <= visit.occasion.arrived < LAST_DAY
            assert visit.occasion.arrived < visit.left


def test_a_visit_begins_after_the_one_before_ended():
    assert PAIRS
    assert all(before.left < after.occasion.arrived for before, after in PAIRS)


def test_visits_are_numbered_in_order():
    for one in CITIZENS:
        numbers = [visit.occasion.number for visit in one.visits]
        assert numbers == list(range(1, len(numbers) + 1))


def test_the_referred_arrive_with_the_letter_where_they_were_sent():
    referred = [pair for pair in PAIRS if pair[0].referred_to]
    assert referred
    for before, after in referred:
        assert after.occasion.facility == before.referred_to != before.occasion.facility
        assert after.occasion.came_by == before.paper
        assert after.occasion.came_from == before.occasion.facility
        assert (after.occasion.arrived.date() - before.left.date()).days <= 7


def test_who_comes_back_with_a_slip_comes_on_its_day_or_a_little_later():
    back = [pair for pair in PAIRS if pair[1].occasion.came_by and not pair[0].referred_to]
    assert back
    for before, after in back:
        assert 0 <= (after.occasion.arrived.date() - before.follow_up.date()).days <= 5
        assert after.occasion.facility == before.occasion.facility
        assert after.occasion.came_from == 0


def test_no_visit_ends_with_both_a_letter_and_a_slip():
    visits = [visit for one in CITIZENS for visit in one.visits]
    assert not any(visit.referred_to and visit.follow_up for visit in visits)
    assert any(visit.admitted for visit in visits)


def test_facilities_are_the_forty():
    assert all(1 <= visit.occasion.facility <= 40 for one in CITIZENS for visit in one.visits)
    assert all(
        visit.referred_to == 0 or visit.referred_to > 34 for one in CITIZENS for visit in one.visits
    )


def test_the_lasting_ill_come_back_for_the_same():
    again = [
        one for one in CITIZENS if sum(visit.occasion.diagnosis.chronic for visit in one.visits) > 3
    ]
    assert len(again) > 40


def test_nobody_is_asked_to_come_back_on_a_sunday():
    days = [visit.follow_up for one in CITIZENS for visit in one.visits if visit.follow_up]
    assert days
    assert not any(day.weekday() == 6 for day in days)
