"""An authorization server with records of its own, and a FHIR base behind it."""

from uuid import uuid4

import pytest
from joserfc.jwk import RSAKey

from fhir_server.oauth.server import KINDS
from fhir_server.store.records import Reading, Records
from tests.oauth.flow import smart as opened


@pytest.fixture(scope="session")
def signing_key():
    """Give a key made once: making one takes a while."""
    made = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    return made.as_dict(private=True)


@pytest.fixture
async def smart(fhir, mongodb_uri, signing_key):
    """Give the server with a public client, `app`, and a symmetric one, `clinic`."""
    name = f"test_{uuid4().hex}"
    records, reading = Records.open(mongodb_uri, name), Reading.open(mongodb_uri, name)
    records.prepare(KINDS)
    async with opened(fhir.context, records, reading) as served:
        now = served.clock()
        key = {"_id": "1", "number": 1, "private": signing_key, "created": now}
        records.insert("keys", {**key, "expires": now + 100 * 24 * 3600})
        served.register("app")
        served.register("clinic", kind="symmetric")
        yield served
    records.database.client.drop_database(name)
    await reading.close()
    records.close()
