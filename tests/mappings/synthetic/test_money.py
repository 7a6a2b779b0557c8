"""Shares add up to the amount, whatever the card."""

import pytest

from mappings.synthetic.money import Share, level, share, total


@pytest.mark.parametrize("percent", [None, 80, 95, 100])
@pytest.mark.parametrize("amount", [0, 1, 350, 14_501, 2_657_003])
def test_fund_patient_and_outside_add_up(amount, percent):
    part = share(amount, percent)
    assert part.fund + part.patient + part.outside == amount
    assert part.fund + part.patient == part.covered


@pytest.mark.parametrize(
    ("cards", "percent"),
    [(("DN4990",), 80), (("CN3990", "DN4990"), 95), (("TE1990",), 100), ((), None)],
)
def test_the_first_card_s_third_character_is_the_level(cards, percent):
    assert level(cards) == percent


def test_a_total_of_nothing_is_nothing():
    assert total([]) == Share(0, 0, 0, 0, 0)


def test_totals_add_each_part():
    assert total([share(100, 80), share(50, None)]) == Share(150, 100, 80, 20, 50)
