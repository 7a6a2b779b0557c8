"""SIGHUP replaces the workers of a server that is in use: no request fails, no write is lost."""

import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

from tests.faults.lanes import TIMEOUT, Lane
from tests.faults.processes import STOP, listens, serving, until

SYSTEM = "http://example.org/restart"
CALLERS, RESTARTS = 3, 2


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path / "server", "--workers", "2") as server:
        until(lambda: len(told(server, "serving")) == 2, TIMEOUT)
        yield server
        assert server.end() == 0
        assert '"event":"crash"' not in server.log
        assert "Traceback" not in server.log


def told(server, became):
    """Give the workers of which the log says this, in order."""
    lines = (json.loads(line) for line in server.log.splitlines() if '"event":"worker"' in line)
    return [line["worker"] for line in lines if line["became"] == became]


def answered(server):
    """Give the processes that have answered requests."""
    lines = (json.loads(line) for line in server.log.splitlines() if '"event":"request"' in line)
    return {line["pid"] for line in lines}


def all_answer(server):
    """Ask on a new connection, which any may take; say whether all that serve have answered."""
    with closing(Lane(server)) as lane:
        lane.ask("HEAD", "metadata")
    return answered(server) == set(told(server, "serving"))


def restart(server):
    """Ask for it, and wait until all new workers serve and all old ones have ended."""
    ended = len(told(server, "ended"))
    server.process.send_signal(signal.SIGHUP)
    until(lambda: len(told(server, "ended")) == ended + 2, TIMEOUT)


def write_and_read(server, stop, number):
    """Create, read and search on one connection while that is kept, sending nothing twice.

    A server may close a connection as a request comes, and who sent it may then send it again
    where that does no harm (RFC 9110, 9.2.2; RFC 9112, 9.3.1). Here nobody does, and nobody waits
    between answer and request for as long as an idle connection is kept.
    """
    lane, places = Lane(server), []
    with closing(lane):
        while not stop.is_set():
            value = f"{number}-{len(places)}"
            sent = {
                "resourceType": "Patient",
                "identifier": [{"system": SYSTEM, "value": value}],
            }
            made = lane.ask("POST", "Patient", sent)
            assert made.status == 201, made.content
            places.append((value, f"Patient/{made.json()['id']}"))
            assert lane.ask("GET", places[-1][1]).content == made.content
            found = lane.ask("GET", f"Patient?identifier={SYSTEM}|{value}").json()
            assert [entry["fullUrl"].endswith(places[-1][1]) for entry in found["entry"]] == [True]
    return places


def test_no_request_fails_and_no_write_is_lost_while_the_workers_are_replaced_twice(server):
    stop = Event()
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(write_and_read, server, stop, one) for one in range(CALLERS)]
        try:
            until(lambda: all_answer(server), TIMEOUT)
            for _ in range(RESTARTS):
                restart(server)
                until(lambda: all_answer(server), TIMEOUT)
        finally:
            stop.set()
        acknowledged = [place for caller in callers for place in caller.result(TIMEOUT)]
    assert set(told(server, "ended")) == set(told(server, "serving")[:-2])
    assert told(server, "died") == []
    with closing(Lane(server)) as lane, server.client() as client:
        for value, place in acknowledged:
            assert lane.ask("GET", place).json()["identifier"][0]["value"] == value
        counted = f'fhir_requests_total{{interaction="create",status="201"}} {len(acknowledged)}.0'
        assert counted in client.get("/metrics").text


def half_sent(server, meanwhile):
    """Send half of a create, the rest when something has come to pass; give the answer.

    `meanwhile` is asked until it holds, with the worker that has the connection. Nothing is longer
    silent than a body may be.
    """
    body = b'{"resourceType":"Basic","code":{"text":"half"}}'
    head = b"POST /fhir/Basic HTTP/1.1\r\nHost: here\r\nContent-Type: application/fhir+json\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", port(server)), TIMEOUT)) as talk:
        talk.sendall(b"HEAD /fhir/metadata HTTP/1.1\r\nHost: here\r\nX-Request-Id: mine\r\n\r\n")
        assert talk.recv(65_536).startswith(b"HTTP/1.1 200 ")
        until(lambda: "mine" in server.log, TIMEOUT)
        [line] = [json.loads(one) for one in server.log.splitlines() if "mine" in one]
        talk.sendall(head + chunk(body[:1]))

        def holds():
            talk.sendall(chunk(b" "))
            return meanwhile(line["pid"])

        until(holds, TIMEOUT)
        talk.sendall(chunk(body[1:]) + b"0\r\n\r\n")
        return b"".join(iter(lambda: talk.recv(65_536), b""))


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def port(server):
    return int(server.url.rpartition(":")[2])


def test_a_request_that_is_half_sent_is_answered_by_the_worker_that_leaves(server):
    asked = iter([lambda: server.process.send_signal(signal.SIGHUP)])

    def leaves(worker):
        next(asked, lambda: None)()
        return worker in told(server, "leaving")

    assert half_sent(server, leaves).startswith(b"HTTP/1.1 201 ")
    until(lambda: len(told(server, "ended")) == 2, TIMEOUT)
    assert told(server, "died") == []


@pytest.fixture
def hanging_up():
    """Let what is started hear SIGHUP, though this run may be under nohup, which ignores it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hanging_up")
@pytest.mark.parametrize(
    ("workers", "asked"), [("1", signal.SIGTERM), ("1", signal.SIGHUP), ("2", signal.SIGTERM)]
)
def test_a_server_that_is_asked_to_end_answers_what_has_begun_to_come(tmp_path, workers, asked):
    with serving(tmp_path / "server", "--workers", workers) as server:

        def ends(_):
            server.process.send_signal(asked)
            return not listens(port(server))

        answer = half_sent(server, ends)
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert b"\r\nconnection: close\r\n" in answer
        assert server.process.wait(STOP) == 0


def test_workers_whose_parent_is_killed_leave_the_port(tmp_path):
    with serving(tmp_path / "server", "--workers", "2") as server:
        server.kill()
        until(lambda: not listens(port(server)), TIMEOUT)


def test_a_worker_that_dies_is_replaced_and_the_log_says_so(server):
    killed = told(server, "serving")[0]
    os.kill(killed, signal.SIGKILL)
    until(lambda: len(told(server, "serving")) == 3, TIMEOUT)
    assert told(server, "died") == [killed]
