"""One of two workers is killed under load: what was acknowledged is there, the service goes on."""

import os
import signal
from random import Random

import pytest

from fhir_server.store.horizon import LIFETIME
from tests.faults import load
from tests.faults.lanes import TIMEOUT, lanes, together, worker
from tests.faults.processes import STOP, serving, until

CALLERS, BEFORE, AFTER = 12, 120, 4
# MongoDB holds what a killed worker was writing until it ends the transaction; others then give up.
PATIENCE = 3


@pytest.fixture
def server(tmp_path):
    with serving(tmp_path / "server", "--workers", "2", transaction_seconds=PATIENCE) as server:
        yield server
        assert '"event":"crash"' not in server.log
        assert "Traceback" not in server.log


@pytest.mark.parametrize("lasting", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_worker_that_is_killed_loses_nothing_that_was_acknowledged(server, lasting):
    """Creates whose answer was lost are sent again with their key: each is there once, or not."""
    done = load.Load("killed", after=BEFORE)

    def act(lane, number):
        if number == CALLERS:
            assert done.enough.wait(TIMEOUT)
            os.kill(killed, signal.SIGKILL)
            return
        random = Random(number)
        while not done.enough.is_set():
            # Two of those who lose their worker do nothing but create, and try again.
            if number < 2:
                load.create(done, lane)
            else:
                load.run(done, lane, random, 1)
        load.run(done, lane, random, AFTER)

    with lanes(server, CALLERS) as callers:
        killed = worker(server, callers[0])
        load.begin(done, callers[0])
        together([*callers, None], act)
    assert done.statuses["lost"]
    # Another worker has taken the place of the one that was killed.
    with lanes(server, CALLERS) as callers:
        assert killed not in {worker(server, lane) for lane in callers}
        # What was not committed when it was killed is locked until MongoDB gives it up.
        if lasting:
            until(lambda: load.settle(done, callers[0]), LIFETIME + STOP)
        load.check(done, callers[0])
