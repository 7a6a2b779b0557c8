"""No answer tells by its time whether there is such a code: measured in turns, as a ratio."""

import asyncio
from statistics import median
from time import perf_counter

import pytest

from extensions.judicial_record.verifying import lookup, passcode
from tests.extensions.judicial_record.verifying.conftest import CODES, FIELDS

WRONG = {**FIELDS, "identity": "099090000009"}
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cheap() -> None:
    """Hash as it is done in earnest."""


async def ratio(one, other, times: int) -> float:
    """Give how much longer the one takes than the other; each in turn, so that load is shared."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for place, run in enumerate((one, other)):
            begun = perf_counter()
            await run()
            taken[place].append(perf_counter() - begun)
    return median(taken[0]) / median(taken[1])


async def test_a_code_that_is_there_takes_the_time_of_one_that_is_not(legal):
    async def there():
        assert not (await lookup.find(legal.gate, legal.context, CODES["c1"], WRONG)).agrees

    async def nowhere():
        assert not (await lookup.find(legal.gate, legal.context, "D" * 22, WRONG)).agrees

    found = await ratio(there, nowhere, 1_000)
    # The hashing is the same; a row that is found is sent, too.
    assert 0.8 < found < 1.25, found


async def test_a_passcode_that_is_wrong_takes_the_time_of_one_that_never_was(legal):
    def wrong():
        passcode.renew(legal.gate, "c1", "employment")
        begun.append(perf_counter())
        passcode.spend(legal.gate, "c1", "employment", "none")
        taken[0].append(perf_counter() - begun.pop())

    def never():
        begun.append(perf_counter())
        passcode.spend(legal.gate, "", "employment", "none")
        taken[1].append(perf_counter() - begun.pop())

    taken: tuple[list[float], list[float]] = ([], [])
    begun: list[float] = []
    for _ in range(30):
        await asyncio.to_thread(wrong)
        await asyncio.to_thread(never)
    found = median(taken[0]) / median(taken[1])
    assert 0.8 < found < 1.25, found
