"""What is there takes the time of what never was: interleaved ratios, in the long form only."""

import time
from statistics import median

import pytest

from tests.extensions.judicial_record.people import TYPE, five
from tests.security.attacks import Attack
from tests.security.legal.across import NEVER
from tests.security.legal.sending import sent, told

PAIRS = 1_000
WITHIN = 1.10
READS = {
    "a certificate of the other province": ("legal", "clerk-98", f"{TYPE}/CERT_NEVER", {}),
    "a dossier of another holder": ("legal", "OTHER", "Task/TASK_NEVER", {}),
    "the type on the health base": ("health", "system", f"{TYPE}/CERT_NEVER", NEVER),
}


async def ratio(one, other):
    """Give the ratio of the medians of two kinds of request, in turns."""
    taken = ([], [])
    for number in range(PAIRS):
        for place in (0, 1) if number % 2 else (1, 0):
            began = time.perf_counter()
            await (one, other)[place]()
            taken[place].append(time.perf_counter() - began)
    return median(taken[0]) / median(taken[1])


@pytest.mark.long
@pytest.mark.parametrize("name", READS)
async def test_what_is_hidden_takes_as_long_as_what_never_was(world, name):
    base, who, path, never = READS[name]
    attack = Attack("13", "GET", path, "absent")
    there = told(attack, world.words)
    nowhere = told(told(attack, never), world.nobody)
    found = await ratio(
        lambda: sent(world, base, who, there), lambda: sent(world, base, who, nowhere)
    )
    assert 1 / WITHIN < found < WITHIN


@pytest.mark.long
async def test_twins_are_checked_in_one_time(world):
    def asked(key):
        rows = five(world.certificates[key])
        return lambda: world.asking("").do(f"{TYPE}/$verify", *rows)

    found = await ratio(asked("NEVER"), asked("CLEARED"))
    assert 1 / WITHIN < found < WITHIN
