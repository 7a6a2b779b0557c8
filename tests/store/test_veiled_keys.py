"""The keys of a veiled base change while it is read and written."""

import asyncio
from uuid import uuid4

import pymongo

from fhir_server.store.encryption import Encryption
from fhir_server.store.key_file import Keys, renewed
from fhir_server.store.veil import Veil
from fhir_server.store.veiled import Veiled
from tests.client import health
from tests.store.sealed import PERSON, subject_of


async def test_keys_change_under_concurrent_reads_and_writes(mongodb_uri, spec):
    current = renewed(None, "first")
    name = f"test_{uuid4().hex}"
    encryption = Encryption.over(mongodb_uri, name, lambda: current)
    store = Veiled.under(Veil(encryption, subject_of), mongodb_uri, name)
    await store.prepare()
    async with health(store, spec) as client:
        for number in range(20):
            await client.put(f"Person/n{number}", {**PERSON, "id": f"n{number}"})

        async def serve(number: int) -> set[int]:
            id_, new = f"n{number}", f"m{number}"
            old = {**PERSON, "id": id_}
            return {
                (await client.get(f"Person/{id_}")).status_code,
                (await client.put(f"Person/{id_}", {**old, "gender": "other"})).status_code,
                (await client.put(f"Person/{new}", {**old, "id": new})).status_code,
            }

        current = renewed(current, "second")
        other = Encryption.over(mongodb_uri, name, lambda: current)
        *answers, moved = await asyncio.gather(
            *map(serve, range(20)), asyncio.to_thread(other.rewrap)
        )
        assert set().union(*answers) == {200, 201}
        assert moved
        other.rewrap()
        current = Keys("second", {"second": current.keys["second"]}, current.blind)
        encryption._known.clear()
        assert (await client.get("Person/n7")).status_code == 200
        other.close()
    with pymongo.timeout(60):
        await store.database.client.drop_database(name)
    await store.close()
    encryption.close()
