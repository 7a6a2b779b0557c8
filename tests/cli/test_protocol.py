"""What is never whole is ended, an end fails nobody: on a clock and a transport of the test's."""

import asyncio
import gc
import weakref

import pytest
from uvicorn.config import Config

from fhir_server.cli.protocol import HEAD_BYTES, HEAD_SECONDS, Bounded, Joined, Leaving
from fhir_server.http.exchange import WHOLE as IN_ONE_PIECE


class Loop:
    """A clock of its own: keeps what is to be called later, and calls it when its time comes."""

    def __init__(self):
        self.now = 0.0
        self.later = []
        self.tasks = []

    def time(self):
        return self.now

    def call_later(self, seconds, call, *given):
        timer = asyncio.TimerHandle(self.now + seconds, call, given, asyncio.get_running_loop())
        self.later.append(timer)
        return timer

    def create_task(self, coroutine, **_):
        self.tasks.append(coroutine)
        return asyncio.get_running_loop().create_future()

    def waits(self):
        return [timer.when() for timer in self.later if not timer.cancelled()]

    def passes(self, seconds):
        until = self.now + seconds
        while due := [one for one in self.later if not one.cancelled() and one.when() <= until]:
            first = min(due, key=asyncio.TimerHandle.when)
            self.later.remove(first)
            self.now = first.when()
            first._run()
        self.now = until


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        super().__init__()
        self.packets = []
        self.closed = False

    @property
    def written(self):
        return b"".join(self.packets)

    def write(self, data):
        self.packets.append(bytes(data))

    def writelines(self, some):
        self.write(b"".join(some))

    def close(self):
        self.closed = True

    def is_closing(self):
        return self.closed

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass


@pytest.fixture
def wire():
    return Transport()


@pytest.fixture
async def connection(wire):
    async def app(scope, receive, send):
        if scope["method"] == "POST":
            await receive()
        body = scope["path"].encode()[1:]
        head = {"status": 200 if body else 204, "headers": []}
        if body:
            head["headers"] = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", **head})
        await send({"type": "http.response.body", "body": body})

    config = Config(app, log_level="critical", access_log=False, ws="none", lifespan="off")
    one = Bounded(config, Leaving(), {}, Loop())
    one.connection_made(wire)
    yield one
    for task in one.loop.tasks:
        task.close()


WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def answered(connection, wire):
    """Let the application answer what has come; give the packets of the answer."""
    wire.packets = []
    await connection.loop.tasks.pop(0)
    return wire.packets


def leave(connection):
    """Tell it what a server tells its connections when it ends."""
    connection.server_state.now = True
    connection.shutdown()


@pytest.mark.parametrize(
    "sent", [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "]
)
async def test_a_head_that_does_not_come_is_not_waited_for(connection, wire, sent):
    if sent:
        connection.data_received(sent)
    connection.loop.passes(HEAD_SECONDS - 0.1)
    assert not wire.closed
    connection.loop.passes(0.1)
    assert wire.written.startswith(b"HTTP/1.1 408 ")
    assert wire.closed


async def test_the_head_of_a_later_request_has_its_whole_time(connection, wire):
    connection.loop.passes(HEAD_SECONDS - 0.1)
    connection.data_received(WHOLE)
    await answered(connection, wire)
    connection.loop.passes(connection.timeout_keep_alive - 0.1)
    connection.data_received(b"GET / HTTP/1.1\r\n")
    connection.loop.passes(HEAD_SECONDS - 0.1)
    assert not wire.closed
    connection.loop.passes(0.1)
    assert wire.packets[-1].startswith(b"HTTP/1.1 408 ")
    assert wire.closed


async def test_bytes_that_drip_in_do_not_move_the_end(connection, wire):
    connection.data_received(b"GET / HTTP/1.1\r\n")
    for _ in range(20):
        connection.loop.passes(HEAD_SECONDS / 20)
        if not wire.closed:
            connection.data_received(b"X-Slow: a\r\n")
    assert wire.closed


async def test_a_whole_head_is_waited_for_no_more(connection, wire):
    connection.data_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    assert len(connection.loop.tasks) == 1
    connection.loop.passes(2 * HEAD_SECONDS)
    connection.data_received(b"a")
    connection.loop.passes(2 * HEAD_SECONDS)
    assert not wire.closed


async def test_who_is_answered_and_still_sends_is_not_idle(connection, wire):
    connection.data_received(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    await answered(connection, wire)
    connection.data_received(b"a")
    connection.loop.passes(2 * connection.timeout_keep_alive)
    assert not wire.closed


async def test_a_head_without_end_is_not_kept(connection, wire):
    connection.data_received(b"GET / HTTP/1.1\r\nX-Long: ")
    for _ in range(HEAD_BYTES // 1024 + 1):
        if not wire.closed:
            connection.data_received(b"a" * 1024)
    assert wire.written.startswith(b"HTTP/1.1 431 ")
    assert wire.closed


async def test_who_hangs_up_is_forgotten(connection):
    connection.data_received(b"GET / HTTP/1.1\r\n")
    connection.connection_lost(None)
    assert connection.loop.waits() == []


async def test_a_head_goes_with_its_body_in_one_packet(connection, wire):
    connection.data_received(WHOLE.replace(b"/ ", b"/body ", 1))
    (packet,) = await answered(connection, wire)
    assert packet.startswith(b"HTTP/1.1 200 OK\r\n")
    assert packet.endswith(b"\r\n\r\nbody")


@pytest.mark.parametrize("path", [b"/ ", b"/body "])
async def test_an_answer_that_is_a_head_alone_does_not_wait_for_more(connection, wire, path):
    connection.data_received(WHOLE.replace(b"GET / ", b"HEAD " + path, 1))
    (packet,) = await answered(connection, wire)
    assert packet.endswith(b"\r\n\r\n")


async def test_who_may_go_on_is_told_at_once(connection, wire):
    told = b"Host: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    connection.data_received(b"POST /body HTTP/1.1\r\n" + told)
    wire.packets = []
    task = connection.loop.tasks.pop(0)
    task.send(None)
    assert wire.packets == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    connection.data_received(b"a")
    with pytest.raises(StopIteration):
        task.send(None)
    assert wire.packets[1].endswith(b"body")


async def test_a_body_that_looks_like_a_head_is_sent(wire):
    joined = Joined(wire)
    joined.write(b"HTTP/1.1 200 OK\r\n\r\n")
    joined.write(b"HTTP/1.1 is a protocol")
    joined.write(b"HTTP/1.1 is what this piece begins with too, ")
    joined.write(b"and this is the end")
    joined.flush()
    assert wire.written.count(b"HTTP/1.1 ") == 3
    assert wire.written.endswith(b"with too, and this is the end")


async def test_an_idle_connection_is_not_closed_before_its_time_and_the_next_answer_is_the_last(
    connection, wire
):
    connection.data_received(WHOLE)
    assert b"connection: close" not in b"".join(await answered(connection, wire))
    leave(connection)
    connection.loop.passes(connection.timeout_keep_alive - 0.1)
    assert not wire.closed
    connection.data_received(WHOLE)
    assert b"\r\nconnection: close\r\n" in b"".join(await answered(connection, wire))
    assert wire.closed


async def test_a_connection_that_stays_idle_is_closed_on_time(connection, wire):
    connection.loop.passes(1.3)
    connection.data_received(WHOLE)
    await answered(connection, wire)
    connection.loop.passes(connection.timeout_keep_alive - 0.1)
    assert not wire.closed
    connection.loop.passes(0.1)
    assert wire.closed
    assert b"408" not in wire.written


async def test_a_connection_that_stays_idle_is_closed_on_time_by_a_server_that_leaves(
    connection, wire
):
    connection.data_received(WHOLE)
    await answered(connection, wire)
    leave(connection)
    connection.loop.passes(connection.timeout_keep_alive)
    assert wire.closed


async def test_an_answer_that_has_not_begun_is_the_last_of_a_server_that_leaves(connection, wire):
    connection.data_received(WHOLE)
    leave(connection)
    assert b"\r\nconnection: close\r\n" in b"".join(await answered(connection, wire))
    assert wire.closed


async def test_a_connection_taken_as_the_server_left_is_answered_once(connection, wire):
    connection.server_state.now = True
    connection.data_received(WHOLE)
    assert b"\r\nconnection: close\r\n" in b"".join(await answered(connection, wire))
    assert wire.closed


async def test_who_was_not_told_that_an_answer_is_the_last_may_ask_once_more(connection):
    """The head of the answer is sent, its body is not: nothing can be told any more."""
    connection.data_received(WHOLE)
    connection.cycle.response_started = True
    leave(connection)
    assert connection.cycle.keep_alive


async def in_one_piece(scope, body=b"whole", lines=()):
    told = [*lines, b"content-length: %d" % len(body)]
    await scope["extensions"][IN_ONE_PIECE](200, told, b"" if scope["method"] == "HEAD" else body)


def asked(connection, *requests):
    """Let an application that answers in one piece be asked; give the scopes of what it answers."""
    scopes = []

    async def app(scope, _receive, _send):
        scopes.append(scope)
        await in_one_piece(scope, scope["path"].encode())

    connection.app = app
    connection.data_received(b"".join(requests))
    return scopes


async def test_an_answer_in_one_piece_is_what_two_steps_make(connection, wire):
    connection.server_state.default_headers = [(b"date", b"today")]
    connection.data_received(WHOLE.replace(b"/ ", b"/body ", 1))
    in_two = await answered(connection, wire)
    asked(connection, WHOLE.replace(b"/ ", b"/body ", 1))
    (packet,) = await answered(connection, wire)
    assert packet == b"".join(in_two).replace(b"4\r\n\r\nbody", b"5\r\n\r\n/body")
    assert connection.server_state.total_requests == 2


async def test_an_answer_in_one_piece_to_head_has_no_body(connection, wire):
    asked(connection, WHOLE.replace(b"GET /", b"HEAD /body", 1))
    (packet,) = await answered(connection, wire)
    assert packet.endswith(b"content-length: 5\r\n\r\n")


async def test_a_large_answer_in_one_piece_is_not_copied(connection, wire):
    large = b"/" + b"a" * 20_000
    asked(connection, WHOLE.replace(b"/", large, 1))
    (packet,) = await answered(connection, wire)
    assert packet.endswith(b"content-length: 20001\r\n\r\n" + large)


async def test_an_answer_in_one_piece_may_be_the_last(connection, wire):
    asked(connection, WHOLE)
    leave(connection)
    (packet,) = await answered(connection, wire)
    assert b"\r\nconnection: close\r\n\r\n" in packet
    assert wire.closed


async def test_requests_that_come_together_are_answered_one_after_the_other(connection, wire):
    first, second = (WHOLE.replace(b"/", path, 1) for path in (b"/1", b"/2"))
    asked(connection, first, second)
    assert len(connection.loop.tasks) == 1
    packets = [*await answered(connection, wire), *await answered(connection, wire)]
    assert [packet[-2:] for packet in packets] == [b"/1", b"/2"]
    assert connection.loop.waits()


async def test_an_answer_is_sent_once(connection, wire):
    async def app(scope, _receive, _send):
        await in_one_piece(scope)
        with pytest.raises(RuntimeError):
            await in_one_piece(scope)

    connection.app = app
    connection.data_received(WHOLE)
    assert len(await answered(connection, wire)) == 1


async def test_who_hangs_up_while_the_answer_waits_is_sent_nothing(connection, wire):
    asked(connection, WHOLE)
    connection.pause_writing()
    task = asyncio.create_task(answered(connection, wire))
    await asyncio.sleep(0)
    connection.connection_lost(None)
    assert await task == []


async def test_who_hung_up_before_is_not_answered_in_one_piece(connection):
    scopes = asked(connection, WHOLE)
    connection.connection_lost(None)
    await connection.loop.tasks.pop(0)
    assert scopes[0]["extensions"] == {}


async def test_who_reads_nothing_is_sent_no_more(connection, wire):
    asked(connection, WHOLE)
    connection.pause_writing()
    task = asyncio.create_task(answered(connection, wire))
    await asyncio.sleep(0)
    assert wire.packets == []
    connection.resume_writing()
    assert len(await task) == 1


async def test_what_was_answered_is_kept_by_nobody(connection, wire):
    """A request that is part of a ring is freed by the collector alone: that cost a tenth."""
    asked(connection, WHOLE)
    gone = weakref.ref(connection.cycle)
    await answered(connection, wire)
    gc.disable()
    try:
        connection.data_received(WHOLE)
        assert gone() is None
    finally:
        gc.enable()
