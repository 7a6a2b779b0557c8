"""The catalogue of attacks, every class of it in every form: N tried, 0 passed; the twins answered."""

import asyncio
from collections import Counter

import pytest

from tests.security import reads, traversal, writes
from tests.security.attacks import in_forms, verdict

CLASSES = {
    **{f"reads: {name}": made for name, made in reads.CLASSES.items()},
    **{f"traversal: {name}": made for name, made in traversal.CLASSES.items()},
}
AT_ONCE = 8


@pytest.mark.parametrize("name", CLASSES)
async def test_no_attack_passes(attackers, name):
    client = attackers("citizen")
    attacks = list(in_forms(CLASSES[name]()))
    gate = asyncio.Semaphore(AT_ONCE)

    async def tried(attack):
        async with gate:
            return await verdict(client, attack)

    verdicts = await asyncio.gather(*map(tried, attacks))
    passed = {str(one): told for one, told in zip(attacks, verdicts, strict=True) if told}
    print(name, len(attacks), len(passed))
    for told, count in Counter(passed.values()).most_common(12):
        example = next(one for one in passed if passed[one] == told)
        print("   ", count, told[:300], "|", example)
    assert not passed
