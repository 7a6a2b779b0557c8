"""Relations are written with the resource they follow from, and asked for anew twice a second."""

from functools import partial

import pytest

from fhir_server.interactions.write import indexed
from fhir_server.store.relations import FRESH, Relations
from tests.interactions.callers import consent, diagnosis, people, put, reference, visit


@pytest.fixture
async def cared(fhir):
    """Store p, who is in care at h by the Encounter e."""
    await people(fhir)
    await visit(fhir, "e", "p", "h")
    return fhir


async def rows(store):
    found = await store.database.relations.find().sort("_id", 1).to_list()
    return [(row["source"], row["holder"], row["patient"]) for row in found]


async def test_each_version_replaces_the_relations_of_the_one_before(cared, store):
    assert await rows(store) == [("Encounter/e", "Organization/h", "p")]
    await visit(cared, "e", "p", "i")
    assert await rows(store) == [("Encounter/e", "Organization/i", "p")]
    await cared.delete("Encounter/e")
    assert await rows(store) == []
    await visit(cared, "e", "p", "h")
    await cared.post("Encounter/e/$purge", b"")
    assert await rows(store) == []


async def test_purging_the_history_keeps_the_relation(cared, store):
    await visit(cared, "e", "p", "h")
    assert (await cared.post("Encounter/e/$purge-history", b"")).is_success
    assert await rows(store) == [("Encounter/e", "Organization/h", "p")]


async def test_what_is_not_committed_has_no_relation(cared, store):
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    new = {
        "resourceType": "Encounter",
        "status": "arrived",
        "class": kind,
        "subject": reference("Patient/q"),
        "serviceProvider": reference("Organization/h"),
    }
    entries = [
        {"resource": new, "request": {"method": "POST", "url": "Encounter"}},
        {"request": {"method": "GET", "url": "Patient/none"}},
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert (await cared.post("", bundle)).status_code == 404
    assert await rows(store) == [("Encounter/e", "Organization/h", "p")]


async def test_reindexing_writes_relations_anew(cared, store):
    await store.database.relations.delete_many({})
    stale = {"_id": "Encounter/e/7", "source": "Encounter/e", "holder": "Organization/i"}
    await store.database.relations.insert_one({**stale, "patient": "p"})
    context = cared.context
    step = await store.indexing.step(
        "Encounter", partial(indexed, context), context.index_format("Encounter"), everything=True
    )
    assert step.rewritten == 1
    assert await rows(store) == [("Encounter/e", "Organization/h", "p")]


async def test_who_is_asked_for_is_found_by_holder_and_patient(cared, store):
    await visit(cared, "f", "q", "h")
    relations = store.relations
    held = await relations.held(["Organization/h", "Practitioner/d"], {"p"})
    assert [one["source"] for one in held] == ["Encounter/e"]
    assert {one["patient"] for one in await relations.held(["Organization/h"])} == {"p", "q"}
    assert await relations.held(["Organization/i"], {"p"}) == []


async def test_a_resource_tells_its_patients_after_it_is_deleted_and_of_its_past(cared, store):
    await diagnosis(cared, "c", "q")
    await diagnosis(cared, "c", "p")
    assert await store.relations.patients_of("Condition", ["c"]) == {"p"}
    assert await store.relations.patients_of("Condition", ["c"], past=True) == {"p", "q"}
    await cared.delete("Condition/c")
    assert await store.relations.patients_of("Condition", ["c", "none"]) == {"p"}


async def test_patients_are_found_by_identifier(cared, store):
    await put(cared, "Patient", "n", identifier=[{"system": "http://example.org/n", "value": "1"}])
    assert await store.relations.patients_with({"http://example.org/n|1"}) == {"n"}
    assert await store.relations.patients_with({"*|1"}) == {"n"}
    assert await store.relations.patients_with({"http://example.org/m|1"}) == set()


async def test_only_rules_that_withhold_are_told_and_only_so_many(cared, store):
    await consent(cared, "c1", "p", {"type": "deny"})
    await consent(cared, "c2", "q", {"type": "permit"})
    assert [one["patient"] for one in await store.relations.rules({"p", "q"})] == ["p"]
    assert [one["patient"] for one in await store.relations.all_rules(1)] == ["p"]
    assert await store.relations.all_rules(0) is None


async def test_an_answer_is_kept_for_a_moment(cared, store):
    now = [10.0]
    relations = Relations(store.database, clock=lambda: now[0])
    [kept] = await relations.held(["Organization/h"])
    await store.database.relations.delete_many({})
    now[0] = 10 + FRESH - 0.01
    assert await relations.held(["Organization/h"]) == [kept]
    now[0] = 10 + FRESH
    assert await relations.held(["Organization/h"]) == []
