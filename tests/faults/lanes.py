"""Callers with a connection each, spread over the workers of one server."""

import http.client
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from threading import Barrier
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.faults.processes import until

TIMEOUT = 120  # seconds: a bound against hanging
WORKERS = 2
IDLE = 3  # the server closes a connection that was idle for 5 s


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict
    content: bytes

    def json(self):
        return json.loads(self.content)

    @property
    def version(self):
        return int(self.headers["etag"].strip('W/"')) if "etag" in self.headers else None


class Lane:
    """One caller: requests one after the other, on one connection while that lives."""

    def __init__(self, server):
        self.host = server.url.removeprefix("http://")
        self.name = uuid4().hex
        self.numbers = count()
        self.used = 0.0
        self.connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT)

    def close(self):
        """Close the connection; the next request opens another."""
        self.connection.close()

    def ask(self, method, path, body=None, **headers):
        """Send a request under /fhir; OSError or HTTPException where no answer came back."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {
            "Content-Type": "application/fhir+json",
            "X-Request-Id": f"{self.name}-{next(self.numbers)}",
            **named,
        }
        if time.monotonic() - self.used > IDLE:
            self.close()
        try:
            self.connection.request(method, f"/fhir/{path}", content, given)
            raw = self.connection.getresponse()
            self.used = time.monotonic()
            found = {name.lower(): value for name, value in raw.getheaders()}
            return Answer(raw.status, found, raw.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise


@contextmanager
def lanes(server, number):
    """Give callers of which as many are served by each worker, and see that they were.

    Skipped where the embedded database itself takes no writes any more: that tells nothing of us.
    """
    try:
        with ExitStack() as stack:
            by_worker = {}
            until(lambda: _balanced(server, by_worker, number // WORKERS, stack), TIMEOUT)
            chosen = [lane for some in by_worker.values() for lane in some]
            yield chosen
            assert len(set().union(*(workers_of(server, lane) for lane in chosen))) >= WORKERS
    except AssertionError:
        if not takes_writes(server):
            pytest.skip("the embedded database took no write of the test's own within 10 s")
        raise


def takes_writes(server):
    """Say whether the database takes a transaction that does not come from our server."""
    uri = f"mongodb://127.0.0.1:{server.database_port}/?directConnection=true"
    try:
        with MongoClient(uri, timeoutMS=10_000) as client, client.start_session() as session:
            client.elsewhere.probe.insert_one({})
            with session.start_transaction():
                client.elsewhere.probe.insert_one({}, session=session)
    except PyMongoError:
        return False
    return True


def _balanced(server, by_worker, each, stack):
    """Connect once for each caller still missing; say whether every worker has its own."""
    for _ in range(WORKERS * each - sum(map(len, by_worker.values()))):
        lane = Lane(server)
        lane.ask("HEAD", "metadata")
        mine = by_worker.setdefault(worker(server, lane), [])
        if len(mine) < each:
            mine.append(lane)
            stack.callback(lane.close)
        else:
            lane.close()
    return len(by_worker) == WORKERS and all(len(mine) == each for mine in by_worker.values())


def worker(server, lane):
    """Give the process that answered this caller's first request, once that stands in the log."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := workers_of(server, lane)):
        assert time.monotonic() < deadline
    [one] = found
    return one


def workers_of(server, lane):
    """Give the processes that have answered this caller."""
    lines = (json.loads(line) for line in server.log.splitlines() if lane.name in line)
    return {line["pid"] for line in lines}


def together(lanes, ask):
    """Let every caller ask at the same moment, `ask(lane, number)`; give the answers in order."""
    ready = Barrier(len(lanes))

    def run(numbered):
        number, lane = numbered
        ready.wait(TIMEOUT)
        return ask(lane, number)

    with ThreadPoolExecutor(len(lanes)) as pool:
        return list(pool.map(run, enumerate(lanes)))


def statuses(answers):
    """Count the answers by status."""
    return dict(Counter(answer.status for answer in answers))
