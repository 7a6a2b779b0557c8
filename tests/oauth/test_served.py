"""A process as it is put together: with `FHIR_AUTH=smart` nobody unknown gets past the door."""

from uuid import uuid4

import httpx2
import pymongo
import pytest

from fhir_server.http.app import App
from fhir_server.main import served
from fhir_server.settings import Settings

SITE = "http://127.0.0.1:8080"
ASKED = [
    ("GET", "/fhir/Patient/1"),
    ("GET", "/fhir/Patient"),
    ("POST", "/fhir/Patient/_search"),
    ("POST", "/fhir"),
    ("PUT", "/fhir/Patient/1"),
    ("DELETE", "/fhir/Patient/1"),
    ("GET", "/fhir/_history"),
    ("POST", "/fhir/$submit-document"),
    ("GET", "/fhir/Patient/1/$everything"),
]


@pytest.fixture
async def process(mongodb_uri):
    name = f"test_{uuid4().hex}"
    settings = Settings(
        auth="smart", mongodb_uri=mongodb_uri, database=name, base_url=f"{SITE}/fhir"
    )
    app = App(lambda: served(settings))
    async with app.other.router.lifespan_context(app.other):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=SITE) as http:
            yield http
    client = pymongo.MongoClient(mongodb_uri)
    with pymongo.timeout(60):
        for one in (name, f"{name}_oauth"):
            client.drop_database(one)
    client.close()


async def test_nobody_unknown_gets_past_the_door(process):
    for method, path in ASKED:
        answer = await process.request(method, path, content=b"{")
        assert answer.status_code == 401, (method, path)
        assert "Bearer" in answer.headers["www-authenticate"]
    told = (await process.get("/fhir/.well-known/smart-configuration")).json()
    assert told["token_endpoint"] == f"{SITE}/oauth/token"
    assert told["issuer"] == f"{SITE}/oauth"
    statement = (await process.get("/fhir/metadata")).json()
    assert "security" in statement["rest"][0]
    # The first key is made when it is first asked for.
    assert len((await process.get("/oauth/jwks")).json()["keys"]) == 1
