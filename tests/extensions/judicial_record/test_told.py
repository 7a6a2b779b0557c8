"""Whoever applied hears of each move, from a process as it is served."""

import asyncio
import json
from urllib.parse import parse_qs

import httpx2
import pytest

from extensions.judicial_record import opening
from fhir_server.http.app import App
from fhir_server.main import legal, served
from tests.extensions.judicial_record.people import (
    APPLIES,
    CLERK,
    ISSUER,
    OFFICER,
    READS,
    Asking,
    application,
    receipt,
    token,
)

SECONDS = 60


@pytest.fixture
async def heard():
    """Give a queue of what a server on this machine is told, and its origin."""
    told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def take(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.lower().split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        [state] = parse_qs(body.decode())["state"]
        told.put_nowait((headers["idempotency-key"], state))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield told, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_who_applied_hears_of_each_state_once(settings, heard, monkeypatch):
    told, origin = heard
    monkeypatch.setattr(legal, "MOMENT", 0.05)
    bodies = json.loads(opening._SAMPLE.read_bytes())
    bodies["subscribers"] = [{"client": "app", "url": f"{origin}/told"}]
    settings.legal_folder.mkdir(exist_ok=True)
    (settings.legal_folder / "bodies.json").write_text(json.dumps(bodies))
    listening = settings.model_copy(update={"outbound_origins": [origin]})
    app = App(lambda: served(listening))
    async with app.other.router.lifespan_context(app.other):
        transport = httpx2.ASGITransport(app=app)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as http,
            legal.authorization(settings, legal.definitions()) as oauth,
        ):
            applies = Asking(http, token(oauth, (*READS, *APPLIES)))
            officer = {"fhir_user": CLERK, "organisations": [ISSUER], "client": "desk"}
            clerk = Asking(http, token(oauth, OFFICER, **officer))
            task = await applies.do("Task/$submit", *application(), status=201)
            at = f"Task/{task['id']}"
            await applies.do(f"{at}/$pay", *receipt(task))
            await clerk.do(f"{at}/$accept")
            await clerk.do(f"{at}/$check-sources")
            async with asyncio.timeout(SECONDS):
                heard_of = [await told.get() for _ in "6124"]
    assert heard_of == [(f"{task['id']}/{n}", state) for n, state in enumerate("6124", 1)]
    assert told.empty()
