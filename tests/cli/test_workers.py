"""What becomes of worker processes: toys that serve, fail or hang as a file says."""

import asyncio
import os
import signal
import socket
import sys
from collections import Counter
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fhir_server.cli import workers as module
from fhir_server.cli.workers import Workers

TOY = Path(__file__).with_name("toy_worker.py")


class Trial:
    """Two toys under supervision, and what the log said of each."""

    def __init__(self, how):
        self.how = how
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.workers = Workers(self.listener, 2)
        self.said = []
        self.news = asyncio.Event()

    def tell(self, worker, became):
        self.said.append((worker.process.pid, became))
        self.news.set()

    def those(self, what):
        return [pid for pid, became in self.said if became == what]

    async def until(self, **times):
        """Wait until each of these was said so often."""
        async with asyncio.timeout(60):
            while any(len(self.those(what)) < least for what, least in times.items()):
                self.news.clear()
                await self.news.wait()

    async def gone(self, pids):
        """Wait until each of these has ended."""
        async with asyncio.timeout(60):
            while not pids <= {*self.those("ended")}:
                self.news.clear()
                await self.news.wait()

    def happens(self, event):
        self.workers._events.put_nowait(event)


@asynccontextmanager
async def supervised(trial):
    """Have two toys that serve; at the end all are gone."""
    running = asyncio.create_task(trial.workers.run())
    try:
        await trial.until(serving=2)
        yield
    finally:
        trial.happens(lambda: trial.workers._end(0))
        assert await running == 0
    assert trial.workers._all == []


@pytest.fixture
async def trial(tmp_path, monkeypatch):
    how = tmp_path / "how"
    how.write_text("serve")
    trial = Trial(how)
    monkeypatch.setattr(module, "COMMAND", (sys.executable, str(TOY), str(how)))
    monkeypatch.setattr(module.Worker, "tell", lambda one, became, *_: trial.tell(one, became))
    monkeypatch.setattr(module, "_AGAIN", 0.05)
    # The loop's own handlers of signals belong to the run of the tests.
    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", lambda *_: None)
    yield trial
    trial.listener.close()


async def test_each_is_replaced_once_and_none_leaves_before_another_serves(trial):
    async with supervised(trial):
        first = set(trial.those("serving"))
        trial.happens(trial.workers._renew)
        await trial.until(ended=2, serving=4)
        assert set(trial.those("ended")) == first
        assert [one.state for one in trial.workers._all] == ["serving", "serving"]
        # Of the log: two serve, and before each that leaves another has begun to.
        serving = 2
        for _, became in trial.said[2:]:
            serving += {"serving": 1, "leaving": -1, "ended": 0}[became]
            assert serving >= 2


async def test_a_restart_asked_for_while_one_goes_on_replaces_all_there_are_by_then(trial):
    async with supervised(trial):
        trial.happens(trial.workers._renew)
        await trial.until(serving=3)
        there = {one.process.pid for one in trial.workers._all if one.state != "leaving"}
        trial.happens(trial.workers._renew)
        # One that was on its way already may end before them.
        await trial.gone(there)


async def test_one_that_dies_is_replaced(trial):
    async with supervised(trial):
        killed = trial.those("serving")[0]
        os.kill(killed, signal.SIGKILL)
        await trial.until(died=1, serving=3)
        assert trial.those("died") == [killed]
        assert sorted(one.place for one in trial.workers._all) == [0, 1]


async def test_a_restart_whose_first_cannot_start_leaves_all_there_are(trial):
    async with supervised(trial):
        trial.how.write_text("fail")
        trial.happens(trial.workers._renew)
        await trial.until(failed=1)
        assert Counter(became for _, became in trial.said) == {"serving": 2, "failed": 1}
        assert [one.state for one in trial.workers._all] == ["serving", "serving"]


async def test_one_that_is_missing_is_tried_again_until_it_can_start(trial):
    async with supervised(trial):
        trial.how.write_text("fail")
        os.kill(trial.those("serving")[0], signal.SIGKILL)
        await trial.until(failed=2)
        trial.how.write_text("serve")
        await trial.until(serving=3)


async def test_one_that_hangs_is_killed_and_replaced(trial, monkeypatch):
    monkeypatch.setattr(module, "_STUCK", 1.0)
    async with supervised(trial):
        trial.how.write_text("stick")
        os.kill(trial.those("serving")[0], signal.SIGKILL)
        await trial.until(serving=3)
        trial.how.write_text("serve")
        await trial.until(stuck=1, died=2, serving=4)


async def test_where_none_can_start_the_server_ends_and_says_so(trial):
    trial.how.write_text("fail")
    assert await trial.workers.run() == 3
    assert trial.those("serving") == []
