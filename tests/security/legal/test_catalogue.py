"""Every attack between the bases and inside the legal one, in every form: none passes.

The short form tries a part, the same each time; the long form all.
"""

import asyncio
from zlib import crc32

import pytest

from tests.security import page as whole
from tests.security.legal import page
from tests.security.legal.catalogue import CLASSES, tries
from tests.security.legal.sending import sent, told, verdict

AT_ONCE = 8
SHORT = 40
FORMS = ["short", pytest.param("long", marks=pytest.mark.long)]


async def together(judge, tried):
    """Judge each, some at a time; give what is wrong by attack."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(attack):
        async with gate:
            return await judge(attack)

    faults = await asyncio.gather(*map(one, tried))
    return {str(attack): fault for attack, fault in zip(tried, faults, strict=True) if fault}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CLASSES)
async def test_no_attack_crosses(world, name, form):
    tried = sorted(tries(name), key=lambda one: crc32(str(one).encode()))
    tried = tried if form == "long" else tried[:SHORT]
    assert not await together(lambda one: verdict(world, one), tried)
    for key, before in world.certificates.items():
        # No app reads a Form 2: its officer looks.
        who = key if before["form"] == "form-1" else "clerk-99"
        now = await world.asking(who).get(f"{before['resourceType']}/{before['id']}")
        assert now == before


@pytest.mark.parametrize("name", CLASSES)
async def test_who_may_is_answered(world, name):
    for base, who, attack in CLASSES[name].twins:
        answer = await sent(world, base, who, told(attack, world.words))
        keys = {one.rpartition("_")[2] for one in world.words if one in attack.path}
        named = [value for one, value in world.words.items() if one.rpartition("_")[2] in keys]
        assert answer.status_code == 200, (who, attack, answer.text)
        assert any(one in answer.text for one in named), (who, attack)


def test_the_page_says_what_is_tried():
    assert whole.PAGE.read_text(encoding="utf-8").count(page.section()) == 1


def test_every_group_is_tried_by_what_there_is():
    assert len(page.GROUPS) == len(dict(page.GROUPS)) == 37
    for what, by in page.GROUPS:
        assert by, what
        for one in by:
            if one not in CLASSES:
                file, test = page.place(one)
                assert f"def {test}(" in file.read_text("utf-8"), one
    assert set(CLASSES) <= {one for _, by in page.GROUPS for one in by}
