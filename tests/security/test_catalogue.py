"""Every attack of the catalogue, in every form: none passes, and what is the caller's is answered.

The short form tries a tenth of them, the same each time; the long form all.
"""

import asyncio
from zlib import crc32

import pytest

from fhir_server.search.condition import AnyOf, Everything
from tests.security import page, traversal, world
from tests.security.attacks import Attack, sent, verdict
from tests.security.catalogue import CLASSES, attacks, twins

AT_ONCE = 8
SHARE = 10
FORMS = ["short", pytest.param("long", marks=pytest.mark.long)]


def some(tried: list[Attack], form: str) -> list[Attack]:
    """Give all of them, or a tenth."""
    return [one for one in tried if form == "long" or crc32(str(one).encode()) % SHARE == 0]


async def together(judge, tried):
    """Judge each, some at a time; give what is wrong by attack."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(attack):
        async with gate:
            return await judge(attack)

    told = await asyncio.gather(*map(one, tried))
    return {str(attack): fault for attack, fault in zip(tried, told, strict=True) if fault}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CLASSES)
async def test_no_attack_passes(world_, attackers, name, form):
    client = attackers(CLASSES[name].attacker)
    assert not await together(lambda one: verdict(client, one), some(attacks(name), form))
    assert not await changed(world_.context.store)


async def changed(store):
    """Give what of the others' is no longer as it was put there."""
    theirs = {}
    for one in [*world.of(world.B), *traversal.foreign(), *traversal.persons()]:
        theirs.setdefault(one.type, []).append(one.id)
    found = []
    for type_, ids in theirs.items():
        asked = AnyOf("_id", tuple(ids))
        there = await store.versions(Everything(), type_, asked, len(ids))
        found += [f"{type_}/{id_}" for id_ in ids if there.get(id_, (0, 0))[0] != 1]
    return found


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_the_callers_is_answered(attackers, form):
    client = attackers("citizen")

    async def answered(attack):
        response = await sent(client, attack)
        told = attack.body in response.text and response.status_code == 200
        return "" if told else f"{response.status_code}: {response.text[:200]}"

    assert not await together(answered, some(twins(), form))


def test_the_page_says_what_is_tried():
    assert page.PAGE.read_text(encoding="utf-8").count(page.table()) == 1
