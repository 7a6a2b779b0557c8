"""What is never whole is ended: on a clock and a transport of the test's own."""

import asyncio

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from fhir_server.cli.protocol import HEAD_BYTES, HEAD_SECONDS, Bounded


class Loop:
    """Keeps what is to be called later, and calls it when told."""

    def __init__(self):
        self.later = []
        self.tasks = []

    def call_later(self, seconds, call, *given):
        timer = asyncio.TimerHandle(seconds, call, given, asyncio.get_running_loop())
        self.later.append((seconds, timer))
        return timer

    def create_task(self, coroutine, **_):
        coroutine.close()
        self.tasks.append(coroutine)
        return asyncio.get_running_loop().create_future()

    def waits(self):
        return [seconds for seconds, timer in self.later if not timer.cancelled()]

    def passes(self):
        for _, timer in self.later:
            if not timer.cancelled():
                timer._run()


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        pass


@pytest.fixture
async def connection():
    async def app(scope, receive, send):
        raise AssertionError("nothing is asked")

    config = Config(app, log_level="critical", access_log=False, ws="none", lifespan="off")
    one = Bounded(config, ServerState(), {}, Loop())
    one.connection_made(Transport())
    return one


@pytest.mark.parametrize(
    "sent", [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "]
)
async def test_a_head_that_does_not_come_is_not_waited_for(connection, sent):
    if sent:
        connection.data_received(sent)
    assert connection.loop.waits() == [HEAD_SECONDS]
    connection.loop.passes()
    assert connection.transport.written.startswith(b"HTTP/1.1 408 ")
    assert connection.transport.closed


async def test_bytes_that_drip_in_do_not_move_the_end(connection):
    connection.data_received(b"GET / HTTP/1.1\r\n")
    [before] = [timer for _, timer in connection.loop.later if not timer.cancelled()]
    for _ in range(20):
        connection.data_received(b"X-Slow: a\r\n")
    [after] = [timer for _, timer in connection.loop.later if not timer.cancelled()]
    assert before is after


async def test_a_whole_head_is_waited_for_no_more(connection):
    connection.data_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    assert connection.loop.waits() == []
    assert len(connection.loop.tasks) == 1
    connection.data_received(b"a")
    assert connection.loop.waits() == []


async def test_a_head_without_end_is_not_kept(connection):
    connection.data_received(b"GET / HTTP/1.1\r\nX-Long: ")
    for _ in range(HEAD_BYTES // 1024 + 1):
        if not connection.transport.closed:
            connection.data_received(b"a" * 1024)
    assert connection.transport.written.startswith(b"HTTP/1.1 431 ")
    assert connection.loop.waits() == []


async def test_who_hangs_up_is_forgotten(connection):
    connection.data_received(b"GET / HTTP/1.1\r\n")
    connection.connection_lost(None)
    assert connection.loop.waits() == []
