"""Both bases as one process puts them together, over the real database."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pymongo
import pytest

from extensions.judicial_record import published
from fhir_server.http.app import App
from fhir_server.main import served
from fhir_server.settings import Settings

SITE = "http://127.0.0.1:8080"
SUFFIXES = ("", "_oauth", "_legal", "_legal_oauth")


@pytest.fixture(scope="module")
def settings(mongodb_uri, tmp_path_factory) -> Settings:
    """Give settings of both bases, whose databases are dropped afterwards."""
    name = f"test_{uuid4().hex}"
    yield Settings(
        mongodb_uri=mongodb_uri,
        legal_mongodb_uri=mongodb_uri,
        database=name,
        base_url=f"{SITE}/fhir",
        legal=True,
        legal_folder=tmp_path_factory.mktemp("legal"),
        rate_client=0,
        rate_address=0,
        rate_sign_in=0,
    )
    client = pymongo.MongoClient(mongodb_uri)
    with pymongo.timeout(60):
        for one in SUFFIXES:
            client.drop_database(name + one)
    client.close()


@pytest.fixture(scope="module")
async def process(settings) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of a process that serves both bases."""
    app = App(lambda: served(settings))
    async with app.other.router.lifespan_context(app.other):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url=SITE) as http:
            yield http


@pytest.fixture
def anew(monkeypatch):
    """Let status lists and heads be signed for whoever asks, not once in some seconds."""
    monkeypatch.setattr(published, "KEPT_SECONDS", 1e-6)
