"""Citizens: plausible, always the same, and never a number somebody has."""

import json
import re
from importlib.resources import files
from random import Random

import pytest

from mappings.synthetic.people import MAX_CITIZENS, person, staff_name
from mappings.synthetic.plan import FIRST_DAY

PEOPLE = [person(Random(number), 4750, number) for number in range(1500)]


def test_citizen_numbers_are_of_no_province():
    assert all(one.citizen_id[:3] in {"", "099"} for one in PEOPLE)
    assert all(re.fullmatch(r"\d{12}|", one.citizen_id) for one in PEOPLE)


def test_citizen_numbers_agree_with_sex_and_year_of_birth():
    for one in PEOPLE:
        if one.citizen_id:
            century, year = divmod(one.born.year, 100)
            assert one.citizen_id[3] == str((century - 19) * 2 + (one.sex == "2"))
            assert one.citizen_id[4:6] == f"{year:02}"


def test_no_two_citizens_share_a_number_or_a_card():
    numbers = [one.citizen_id for one in PEOPLE if one.citizen_id]
    cards = [card for one in PEOPLE for card in one.cards]
    assert len(set(numbers)) == len(numbers)
    assert len(set(cards)) == len(cards)


def test_cards_are_of_no_province():
    assert all(
        re.fullmatch(r"[A-Z]{2}[1-5]99991\d{7}", card) for one in PEOPLE for card in one.cards
    )


def test_telephone_numbers_cannot_be_called():
    assert all(re.fullmatch(r"0000\d{6}|", one.phone) for one in PEOPLE)


def test_addresses_are_communes_of_all_provinces():
    text = (files("mappings.terms") / "administrative-units-2025.json").read_text("utf-8")
    units = {unit["code"]: unit for unit in json.loads(text)["provinces"]}
    assert {one.province for one in PEOPLE} == set(units)
    for one in PEOPLE:
        unit = units[one.province]
        commune = dict(unit["wards"])[one.commune]
        assert one.address.endswith(f"{commune}, {unit['name']}")


def test_women_and_men_have_names_of_their_own():
    assert not any(" THỊ " in one.name for one in PEOPLE if one.sex == "1")
    assert not any(" VĂN " in one.name for one in PEOPLE if one.sex == "2")


def test_some_have_no_card_some_two_and_some_no_day_of_birth():
    counts = [len(one.cards) for one in PEOPLE]
    assert {0, 1, 2} == set(counts)
    assert 0.03 < sum(count == 0 for count in counts) / len(counts) < 0.15
    assert any(one.birth.endswith("00000000") for one in PEOPLE)
    assert any(not one.citizen_id for one in PEOPLE)


def test_everybody_is_born_before_the_first_day():
    assert all(one.born < FIRST_DAY.date() for one in PEOPLE)


def test_small_children_have_children_s_cards():
    small = [one for one in PEOPLE if one.born.year > 2018]
    assert small
    assert all(card.startswith("TE1") for one in small for card in one.cards)


@pytest.mark.parametrize("number", [-1, MAX_CITIZENS])
def test_numbers_that_would_repeat_are_refused(number):
    with pytest.raises(ValueError, match="numbered from 0"):
        person(Random(1), 4750, number)


def test_a_doctor_keeps_the_name():
    assert staff_name(3, 4) == staff_name(3, 4)
    assert len({staff_name(3, number) for number in range(1, 9)}) > 4
