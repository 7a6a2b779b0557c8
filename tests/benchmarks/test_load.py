"""The load generator: an answer ends where it says, and one that is wrong is told."""

import socketserver
import threading

import pytest

from benchmarks import load
from benchmarks.exchange import Address, answered
from benchmarks.load import _length
from benchmarks.workloads import Workload, get

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
UNCHANGED = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"


@pytest.mark.parametrize(
    ("answer", "length"),
    [
        (b"HTTP/1.1 200 OK\r\n", -1),
        (PLAIN, len(PLAIN)),
        (UNCHANGED, len(UNCHANGED)),
        (CHUNKED, -1),
        (CHUNKED + b"0\r\n\r\n", len(CHUNKED) + 5),
    ],
)
def test_the_end_of_an_answer_is_known(answer, length):
    assert _length(answer) == length


class Alike(socketserver.BaseRequestHandler):
    """Answers everything alike, until the client hangs up."""

    def handle(self):
        while self.request.recv(65536):
            self.request.sendall(PLAIN)


@pytest.fixture
def address():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Alike) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Address(server.server_address[1])
        server.shutdown()
        thread.join()


def test_requests_are_sent_once_each_and_timed(address):
    (told,) = load.run([address], [Workload("w", (get("/"),) * 10, 2, b"ok", 1)])
    assert (told.requests, told.wrong) == (10, "")
    assert 0 < told.p50 <= told.p99


def test_an_answer_without_what_it_must_hold_is_told(address):
    (told,) = load.run([address], [Workload("w", (get("/"),) * 3, 1, b"entry", 1)])
    assert told.wrong == "3 answers without b'entry' x1"


def test_a_status_that_is_not_expected_is_told(address):
    (told,) = load.run([address], [Workload("w", (get("/"),), 1, b"ok", 1, status=b"304")])
    assert told.wrong.startswith("statuses {b'200': 1}: ")
    assert told.wrong.endswith("ok")


def test_one_request_has_its_answer(address):
    assert (answered(address, get("/")).status, answered(address, get("/")).body) == (200, b"ok")
