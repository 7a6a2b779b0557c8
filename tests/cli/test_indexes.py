"""`fhir-server indexes`: what is outdated is rewritten and verified, what is slow is advised on."""

import asyncio

from fhir_server.search.shape import Shape
from tests.client import health
from tests.faults.processes import run


async def test_outdated_types_are_rewritten_and_verified(mongodb_uri, store, spec):
    async with health(store, spec) as fhir:
        for _ in range(3):
            await fhir.post("Patient", {"resourceType": "Patient", "birthDate": "1990-02-28"})
        await store.indexing.outdated({"Patient": fhir.context.index_format("Patient")})
    settings = {"FHIR_DATABASE": store.database.name, "FHIR_TIME_ZONE": "UTC"}

    async def indexes(*options):
        told = {**settings, "FHIR_MONGODB_URI": mongodb_uri}
        ended = await asyncio.to_thread(run, "indexes", *options, **told)
        # The index set is not built here: a database of 800 indexes is slow to drop.
        assert (ended.returncode, ended.stderr) == (1, "")
        return ended

    assert "  outdated  Patient\n" in (await indexes()).stdout
    done = await indexes("--reindex")
    assert "  reindexed Patient: 3 of 3 resources verified\n" in done.stdout, done.stderr
    assert "0 types were in an older format" in (await indexes()).stdout


async def test_indexes_are_proposed_for_what_was_slow(mongodb_uri, store):
    newest = (("x.date.lo", -1), ("_id", -1))
    store.costs.note(Shape("Observation", ("x.status",), order=newest), 900)
    store.costs.note(Shape("Observation", others=("x.status",)), 700)
    await store.costs.close()
    told = {"FHIR_DATABASE": store.database.name, "FHIR_MONGODB_URI": mongodb_uri}
    ended = await asyncio.to_thread(run, "indexes", "--advise", **told)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert '  "Observation": [["x.status",1],["x.date.lo",-1],["_id",-1]]\n' in ended.stdout
    assert "2 kinds of search were slow; 1 indexes would help." in ended.stdout
