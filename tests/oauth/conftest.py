"""An authorization server whose records are fresh in every test, and a FHIR base behind it."""

from uuid import uuid4

import pytest
from joserfc.jwk import RSAKey

from fhir_server.oauth.server import KINDS
from fhir_server.store.records import Reading, Records
from tests.client import fresh, health
from tests.oauth.flow import smart as opened
from tests.records import drop

_DAY = 24 * 3600


@pytest.fixture(scope="session")
def signing_key():
    """Give a key made once: making one takes a while."""
    made = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    return made.as_dict(private=True)


@pytest.fixture(scope="session")
async def behind(mongodb_uri, spec):
    """Give the context of an empty base and the records, both for the whole run."""
    name = f"test_{uuid4().hex}"
    records, reading = Records.open(mongodb_uri, name), Reading.open(mongodb_uri, name)
    records.prepare(KINDS)
    async with fresh(mongodb_uri) as store, health(store, spec) as client:
        yield client.context, records, reading
    drop(records)
    await reading.close()
    records.close()


@pytest.fixture
async def smart(behind, signing_key):
    """Give the server with a public client, `app`, and a symmetric one, `clinic`."""
    context, records, reading = behind
    for kind in KINDS:
        records.remove(kind, {})
    async with opened(context, records, reading) as served:
        now = served.clock()
        key = {"_id": "1", "number": 1, "private": signing_key, "created": now}
        records.insert("keys", {**key, "expires": now + 100 * _DAY})
        served.register("app")
        served.register("clinic", kind="symmetric")
        yield served
