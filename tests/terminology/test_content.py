"""The definition a canonical names: stored, or come with the server."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Everything, Nothing
from fhir_server.store.documents import Change
from fhir_server.terminology import content as module
from tests.terminology.systems import ANIMALS, SET, SYSTEM, clause, code_system, concept, value_set

STATUS = "http://hl7.org/fhir/goal-status"
V3 = "http://terminology.hl7.org/CodeSystem/v3-ActMood"


def allow(_type):
    return Everything()


async def test_what_came_with_the_server_is_found_by_url_and_version(content):
    mood = await content.code_system(allow, V3)
    assert "EVN" in mood.codes
    assert await content.code_system(allow, V3) is mood
    same = await content.code_system(allow, f"{V3}|{mood.version}")
    assert same.codes == mood.codes
    assert await content.code_system(allow, f"{V3}|1") is None
    assert await content.value_set(allow, "http://hl7.org/fhir/ValueSet/goal-status|4.0.1")
    assert await content.value_set(allow, STATUS) is None


async def test_the_servers_own_definitions_are_found(content):
    known = content.canonicals._defined
    ((_, url),) = [key for key in known if key[0] == "CodeSystem"]
    assert (await content.code_system(allow, url)).codes


async def test_what_is_stored_wins(content, keep):
    await keep(s=code_system([concept("mine")], STATUS))
    assert set((await content.code_system(allow, STATUS)).codes) == {"mine"}
    assert "active" in (await content.code_system(allow, f"{STATUS}|4.0.1")).codes


async def test_the_newest_version_is_meant_where_none_is_named(content, keep):
    await keep(
        a=code_system([concept("nine")], version="2.9"),
        b=code_system([concept("ten")], version="2.10"),
        c=code_system([concept("none")]),
    )
    assert "ten" in (await content.code_system(allow, SYSTEM)).codes
    assert "nine" in (await content.code_system(allow, f"{SYSTEM}|2.9")).codes
    assert await content.code_system(allow, f"{SYSTEM}|3") is None


async def test_of_the_same_version_the_one_that_changed_last_is_meant(content, keep):
    for id_, code in (("b", "bat"), ("a", "ant"), ("b", "bee")):
        await keep(**{id_: code_system([concept(code)], version="1")})
    assert set((await content.code_system(allow, SYSTEM)).codes) == {"bee"}


async def test_a_new_version_of_the_resource_is_seen_at_once(content, keep, store):
    await keep(s=ANIMALS)
    first = await content.code_system(allow, SYSTEM)
    assert await content.code_system(allow, SYSTEM) is first
    await keep(s=code_system([concept("ant")]))
    assert set((await content.code_system(allow, SYSTEM)).codes) == {"ant"}
    await store.commit(Everything(), [Change("CodeSystem", "s", "delete")])
    assert await content.code_system(allow, SYSTEM) is None


async def test_a_value_set_is_found_by_its_id_too(content, keep):
    await keep(v=value_set("v", clause(SYSTEM, ["cat"])))
    found = await content.value_set(allow, f"{SET}v")
    assert await content.value_set(allow, "ValueSet/v") is found
    assert await content.value_set(allow, "http://test.invalid/fhir/ValueSet/v") is found
    assert await content.value_set(allow, "http://other.invalid/fhir/ValueSet/v") is None
    assert await content.value_set(allow, "ValueSet/none") is None


async def test_only_what_the_caller_may_read_is_found(content, keep):
    await keep(s=ANIMALS)
    assert await content.code_system(allow, SYSTEM)
    assert await content.code_system(lambda _: Nothing(), SYSTEM) is None
    assert await content.code_system(lambda _: AnyOf("_id", ("t",)), SYSTEM) is None
    with pytest.raises(TypeError):
        await content.code_system(lambda _: None, SYSTEM)


async def test_too_many_with_the_same_url_are_refused(content, keep, monkeypatch):
    monkeypatch.setattr(module, "MAX_VERSIONS", 1)
    await keep(s=ANIMALS, t=ANIMALS)
    with pytest.raises(Invalid, match="have the same url"):
        await content.code_system(allow, SYSTEM)
