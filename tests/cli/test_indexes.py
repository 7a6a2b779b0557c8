"""`fhir-server indexes`: what is outdated is rewritten and verified."""

import asyncio

from tests.client import health
from tests.faults.processes import run


async def test_outdated_types_are_rewritten_and_verified(mongodb_uri, store, spec):
    async with health(store, spec) as fhir:
        for _ in range(3):
            await fhir.post("Patient", {"resourceType": "Patient", "birthDate": "1990-02-28"})
        await store.outdated({"Patient": fhir.context.index_format("Patient")})
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
