"""Every workload is answered, by the application over memory, with what it has to hold."""

import httpx2
import pytest

from benchmarks import memory
from benchmarks.exchange import Address
from benchmarks.levels import Level
from benchmarks.measuring import Process
from benchmarks.rows import ROWS, Site
from fhir_server.http.app import App

pytestmark = pytest.mark.long
RUNS = [row for row in ROWS if "L1" in row.levels]


@pytest.fixture(scope="module")
async def served():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CITIZENS", "40")
        app = App(memory.served)
        async with app.other.router.lifespan_context(app.other):
            yield app


@pytest.mark.parametrize("row", RUNS, ids=[row.name for row in RUNS])
async def test_a_workload_is_answered_with_what_it_has_to_hold(served, row):
    level = Level(Process("L1", Address(0)), Site())
    transport = httpx2.ASGITransport(app=served)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for request in level.workload(row, 1, 0).requests[:2]:
            head, _, body = request.partition(b"\r\n\r\n")
            line, *headers = head.decode().split("\r\n")
            method, path, _ = line.split(" ")
            sent = dict(one.split(": ", 1) for one in headers)
            answer = await client.request(method, path, content=body, headers=sent)
            whole = f"HTTP/1.1 {answer.status_code}".encode() + answer.content
            assert whole.count(row.marker) == row.times, answer.text[:500]
            assert str(answer.status_code).encode().startswith(row.status)
