"""The lines of one turn of the loop are written together, and always in order."""

import asyncio
import io
import json

import pytest

from fhir_server.http import log


class Written(io.BytesIO):
    """Keeps what was written by the write."""

    def __init__(self):
        super().__init__()
        self.writes = []

    def write(self, some):
        self.writes.append(bytes(some))
        return super().write(some)


@pytest.fixture
def written(monkeypatch):
    out = Written()
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(out, encoding="utf-8", write_through=True))
    for name in ("handlers", "level", "propagate"):
        monkeypatch.setattr(log._log, name, getattr(log._log, name))
    monkeypatch.setattr(log, "_lines", log._Lines())
    log.configure()
    return out


def answered(name):
    log.access_line(name, "GET", "read", (200, 2), 0.001)


def requests(out):
    return [json.loads(line)["request_id"] for line in out.getvalue().splitlines()]


async def test_the_lines_of_one_turn_are_one_write(written):
    for name in (b"1", b"2", b"3"):
        answered(name)
    assert written.writes == []
    await asyncio.sleep(0)
    assert len(written.writes) == 1
    answered(b"4")
    await asyncio.sleep(0)
    assert len(written.writes) == 2
    assert requests(written) == ["1", "2", "3", "4"]


async def test_a_crash_writes_the_lines_that_wait_first(written):
    answered(b"1")
    try:
        int("CANARY")
    except ValueError:
        log.crash_line(b"2")
    assert requests(written) == ["1", "2"]
    await asyncio.sleep(0)
    assert requests(written) == ["1", "2"]
    assert b"CANARY" not in written.getvalue()


async def test_lines_nobody_reads_any_more_stop_no_request(written):
    written.close()
    answered(b"1")
    await asyncio.sleep(0)
    answered(b"2")
    await asyncio.sleep(0)


async def test_without_a_log_nothing_waits(monkeypatch):
    lines = log._Lines()
    monkeypatch.setattr(log, "_lines", lines)
    answered(b"1")
    assert lines._turns._waiting == []
