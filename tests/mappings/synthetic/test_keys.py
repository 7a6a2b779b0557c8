"""Keys are unique and of facilities nobody runs."""

import re
from datetime import datetime

from mappings.synthetic import keys
from mappings.synthetic.plan import plan


def test_no_two_visits_share_a_key_within_or_across_seeds():
    found = [
        keys.ma_lk(one.person, visit)
        for seed in (1, 2)
        for one in (plan(seed, number) for number in range(200))
        for visit in one.visits
    ]
    assert len(set(found)) == len(found)


def test_facilities_heads_and_staff_have_numbers_nobody_has():
    assert keys.code(1) == "99001"
    assert re.fullmatch(r"990\d{7}", keys.head(40))
    assert keys.doctor(40, 3) == "9904003/TEST-CCHN"


def test_times_are_written_as_the_decree_does():
    time = datetime(2025, 9, 1, 8, 5)  # noqa: DTZ001 the decree's times have no zone
    assert keys.moment(time) == "202509010805"
    assert keys.day(time) == "20250901"
