"""Both bases in one process over the real database, with everybody and everything in them."""

import io
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pymongo
import pytest

from fhir_server.http import log
from fhir_server.http.app import App, Served
from fhir_server.main import health, legal, served
from fhir_server.settings import Settings
from tests.extensions.judicial_record.conftest import SITE, SUFFIXES
from tests.security.legal.world import World, settled


@pytest.fixture(scope="session")
def settings(mongodb_uri, tmp_path_factory) -> Settings:
    """Give settings of both bases with two issuers; the databases are dropped afterwards."""
    name, folder = f"test_{uuid4().hex}", tmp_path_factory.mktemp("legal")
    (folder / "bodies.json").write_bytes(Path(__file__).with_name("bodies.json").read_bytes())
    yield Settings(
        mongodb_uri=mongodb_uri,
        legal_mongodb_uri=mongodb_uri,
        database=name,
        base_url=f"{SITE}/fhir",
        legal=True,
        legal_folder=folder,
        rate_client=0,
        rate_address=0,
        rate_sign_in=0,
        audit_loopback=True,
    )
    if "FHIR_MONGODB_URI" not in os.environ:
        # The server ends with the run, and dropping takes it long.
        return
    with pymongo.MongoClient(mongodb_uri) as client:
        for one in SUFFIXES:
            with pymongo.timeout(60):
                client.drop_database(name + one)


@pytest.fixture(scope="session")
def logged() -> list[str]:
    """Give every line of every log, from here on."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.__dict__}")

    class Written(io.BytesIO):
        def write(self, told: Any) -> int:
            lines.append(told.decode())
            return len(told)

    log._lines.out = Written()
    # The client of these tests writes its requests down itself.
    loggers = [logging.getLogger(one) for one in (None, "fhir_server", "asyncio", "pymongo")]
    handler, own = Kept(), loggers[1].level
    loggers[1].setLevel(logging.DEBUG)
    for one in loggers:
        one.addHandler(handler)
    yield lines
    log._lines.out = None
    loggers[1].setLevel(own)
    for one in loggers:
        one.removeHandler(handler)


@pytest.fixture(scope="session")
async def world(settings, logged, tmp_path_factory) -> AsyncIterator[World]:
    """Give the world; `logged` hears all of it."""
    opened: list[Served] = []

    @asynccontextmanager
    async def both() -> AsyncIterator[Served]:
        async with served(settings) as one:
            opened.append(one)
            yield one

    app = App(both)
    async with app.other.router.lifespan_context(app.other):
        of_health, of_legal = (one.context for one in opened[0].bases)
        with legal.office_of(settings) as office:
            async with (
                health.smart(settings, of_health) as health_oauth,
                legal.authorization(settings, of_legal.spec) as legal_oauth,
                httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=SITE) as http,
            ):
                contexts = {"health": of_health, "legal": of_legal}
                oauths = {"health": health_oauth, "legal": legal_oauth}
                made = World(http, contexts, oauths, office)
                yield await settled(made, tmp_path_factory.mktemp("sources"))
