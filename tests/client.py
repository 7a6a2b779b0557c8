"""A FHIR client for tests: the real ASGI application, the real database, no socket."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cache
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx2
import pymongo

from fhir_server.access.caller import ANYONE_ON_LOOPBACK, Caller
from fhir_server.base import Asked, Base
from fhir_server.fhir import json
from fhir_server.fhir.audit_event import TYPE as AUDIT
from fhir_server.http.app import App, Served
from fhir_server.interactions import table
from fhir_server.interactions.context import Context, Limits
from fhir_server.interactions.current import Current
from fhir_server.main import plugins, sensitivity
from fhir_server.main.parts import signer
from fhir_server.operations import OPERATIONS
from fhir_server.plugin import Plugin
from fhir_server.settings import Settings
from fhir_server.store.audit import Audit
from fhir_server.store.store import Store

BASE_URL = "http://test.invalid/fhir"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
JSON = {"Content-Type": "application/fhir+json"}
# Databases that wait for a test, by server; the collections a store has of its own, by database.
_EMPTY: dict[str, list[str]] = {}
_OWN: dict[str, set[str]] = {}
_MOST = 40


@dataclass(frozen=True, repr=False)
class Client:
    """Requests relative to the base; bodies are dicts or bytes."""

    http: httpx2.AsyncClient
    context: Context

    def __repr__(self) -> str:
        """Give a short name for reports: all definitions are in the context."""
        return f"Client({BASE_URL!r})"

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.get(f"/fhir/{path}", headers=_named(headers))

    async def post(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return await self._send("POST", path, body, headers)

    async def put(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return await self._send("PUT", path, body, headers)

    async def patch(self, path: str, body: Any, **headers: str) -> httpx2.Response:
        return await self._send("PATCH", path, body, headers)

    async def delete(self, path: str, **headers: str) -> httpx2.Response:
        return await self.http.delete(f"/fhir/{path}", headers=_named(headers))

    async def stored(self) -> int:
        """Count the current resources of all types."""
        store, everything = self.context.store, self.context.allow("read", None)
        counts = [
            await store.count(everything, type_, everything, 5_000)
            for type_ in self.context.spec.types
            if type_ in await store.collections()
        ]
        return sum(count or 0 for count in counts)

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        content = body if isinstance(body, bytes) else json.dump(body)
        return await self.http.request(
            method, f"/fhir/{path}", content=content, headers={**JSON, **_named(headers)}
        )


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@asynccontextmanager
async def fresh(mongodb_uri: str) -> AsyncIterator[Store]:
    """Give a store in a database with nothing in it: a new one, or one that was emptied."""
    waiting = _EMPTY.setdefault(mongodb_uri, [])
    name = waiting.pop() if waiting else f"test_{uuid4().hex}"
    opened = Store.open(mongodb_uri, name)
    if name not in _OWN:
        await opened.prepare()
        _OWN[name] = await opened.collections()
    yield opened
    await opened.close()
    if _emptied(_driver(mongodb_uri), name):
        waiting.append(name)


def forget(mongodb_uri: str) -> None:
    """Drop the databases that wait for a test and close the connection that emptied them."""
    driver = _driver(mongodb_uri)
    for name in _EMPTY.pop(mongodb_uri, ()):
        driver.drop_database(name)
    driver.close()


def _emptied(driver: pymongo.MongoClient[dict[str, Any]], name: str) -> bool:
    """Empty a database for the next test, which is cheaper than to drop it and make another.

    One of a hundred types is dropped all the same: False. AuditEvent may have got more indexes.
    """
    database = driver[name]
    with pymongo.timeout(60):
        there = set(database.list_collection_names())
        if len(there - _OWN[name]) > _MOST:
            driver.drop_database(name)
            return False
        for collection in there - _OWN[name] | {AUDIT}:
            database.drop_collection(collection)
        database.create_collection(AUDIT)
        for collection in _OWN[name] - {AUDIT}:
            database[collection].delete_many({})
    return True


@cache
def _driver(mongodb_uri: str) -> pymongo.MongoClient[dict[str, Any]]:
    return pymongo.MongoClient(mongodb_uri)


@asynccontextmanager
async def health(
    store: Any,
    spec: Any,
    *,
    zone: tzinfo = ZONE,
    outdated: frozenset[str] = frozenset(),
    caller: Caller = ANYONE_ON_LOOPBACK,
    **limits: Any,
) -> AsyncIterator[Client]:
    """Give a client of a health base over this store, asking as `caller`.

    `limits` are fields of Limits. What is asked of `Client.context` itself is of anyone.
    """
    context = _context(store, spec, zone=zone, outdated=set(outdated), **limits)
    operations = [*OPERATIONS, *(one for guest in _guests() for one in guest.operations)]

    async def authenticate(_: Asked) -> Caller:
        return caller

    base = Base("/fhir", context, table.build(operations), authenticate)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Served]:
        yield Served((base,))

    app = App(opened)
    async with app.other.router.lifespan_context(app.other):
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://test.invalid") as http:
            yield Client(http, context)


def auditing(store: Any, spec: Any, key: bytes = b"a key") -> Audit:
    """Give what keeps the events of a base over this store."""
    return Audit(store.database, signer(_context(store, spec), key))


def _context(
    store: Any, spec: Any, zone: tzinfo = ZONE, *, outdated: set[str] | None = None, **limits: Any
) -> Context:
    return Context(
        current=Current(spec),
        store=store,
        base_url=BASE_URL,
        zone=zone,
        outdated=outdated or set(),
        cursor_key=b"a key for tests",
        caller=ANYONE_ON_LOOPBACK,
        started=0,
        limits=replace(Limits(), **limits),
        sensitivity=sensitivity(_guests()),
    )


@cache
def _guests() -> Sequence[Plugin]:
    return plugins(Settings())


def issues(response: httpx2.Response) -> list[dict[str, Any]]:
    """Give the issues of an OperationOutcome answer."""
    body = response.json()
    assert body["resourceType"] == "OperationOutcome", body
    return body["issue"]
