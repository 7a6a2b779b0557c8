"""After an upgrade: a search on a type in an older index format says so until it is reindexed."""

from zoneinfo import ZoneInfo

from fhir_server.operations.reindex import rewrite
from fhir_server.store.reindex import Counts
from tests.client import health


async def test_a_search_on_an_outdated_type_warns_until_it_is_reindexed(store, spec, patient):
    async with health(store, spec) as fhir:
        await fhir.put("Patient/p1", {**patient, "id": "p1", "birthDate": "1990-02-28"})
        before = fhir.context
    await store.indexing.outdated({"Patient": before.index_format("Patient")})
    context = before.but(zone=ZoneInfo("UTC"))
    formats = {"Patient": context.index_format("Patient")}
    assert await store.indexing.outdated(formats) == {"Patient"}

    async with health(store, spec, zone=context.zone, outdated=frozenset({"Patient"})) as fhir:
        entries = (await fhir.get("Patient")).json()["entry"]
        assert [entry["search"]["mode"] for entry in entries] == ["match", "outcome"]
        assert "--reindex" in entries[1]["resource"]["issue"][0]["diagnostics"]

    assert await rewrite(context, "Patient", heard) == Counts(1, 1)
    assert await store.indexing.outdated(formats) == set()
    assert (await store.read(context.allow("read", "Patient"), "Patient", "p1")).version == 1


async def heard(_):
    pass
