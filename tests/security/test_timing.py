"""What is hidden takes the time of what never was: an interleaved ratio, in the long form only."""

import time
from statistics import median

import pytest

from tests.security.attacks import NOBODY
from tests.security.world import CANARY, B, of

PAIRS = 500
# Medians of the two, each half a thousand requests: a fifth round trip would be far outside.
WITHIN = 1.10


async def seconds(client, path):
    began = time.perf_counter()
    response = await client.get(path)
    assert response.status_code == 404
    return time.perf_counter() - began


@pytest.mark.long
@pytest.mark.parametrize("attacker", ["citizen", "citizen v1"])
async def test_a_read_of_what_is_hidden_takes_as_long_as_of_what_never_was(attackers, attacker):
    client = attackers(attacker)
    paths = [f"{one.type}/{one.id}" for one in of(B) if one.type == "Observation"]
    for path in paths:
        await seconds(client, path)
    hidden, absent = [], []
    for number in range(PAIRS):
        path = paths[number % len(paths)]
        pair = [(hidden, path), (absent, path.replace(CANARY, NOBODY))]
        # Neither is always the first.
        for taken, asked in pair if number % 2 else reversed(pair):
            taken.append(await seconds(client, asked))
    ratio = median(hidden) / median(absent)
    assert 1 / WITHIN < ratio < WITHIN
