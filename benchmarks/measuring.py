"""A workload sent to a process: what that took of it, and of its database."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.pool import Pool

from benchmarks import load, report, server
from benchmarks.exchange import Address
from benchmarks.report import Cell
from benchmarks.workloads import Workload

# A run in which the machine changed its speed by so much is asked again, so many times.
MOVED, AGAIN = 1.15, 3
# So often may a busy machine refuse: a run with another status is told, and asked again.
REFUSED = 2
# What a refusal has in it that is not wrong, but late.
_SLOW = ('"too-costly"', '"transient"')


@dataclass(frozen=True, slots=True)
class Process:
    """What is measured: where it listens, its pid (0: nobody knows), that of its database.

    `kind` is what its cells are called: server, floor, or a level with its workers.
    """

    kind: str
    address: Address
    pid: int = 0
    database_pid: int = 0


# Or what makes it of the run's number, no two alike: a write is another the second time.
Asked = Workload | Callable[[int], Workload]
Run = tuple[Asked, Process]


@dataclass(slots=True)
class Bench:
    """The load generator's process, and the cells so far.

    `steady`: a run in which the machine moved is thrown away and asked again; `thrown` counts them.
    `refused` tells what did not pass a gate at first.
    """

    generator: Pool
    steady: bool = False
    cells: list[Cell] = field(default_factory=list)
    thrown: int = 0
    refused: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def measure(self, asked: Asked, process: Process) -> None:
        """Run a workload once against a process; SystemExit where a gate is not passed."""
        self.in_turn((asked, process))

    def in_turn(self, *runs: Run) -> list[Cell]:
        """Run workloads once, each client asking their processes one after the other."""
        cells = self.once(*runs)
        for _ in range(AGAIN if self.steady else 0):
            if all(cell.moved <= MOVED for cell in cells):
                break
            self.thrown += 1
            cells = self.once(*runs)
        self.cells += cells
        return cells

    def once(self, *runs: Run) -> list[Cell]:
        """Run workloads once and give their figures, which are not kept.

        There are none where the database is too slow for the workload each time.
        """
        for _ in range(1 + REFUSED):
            try:
                return self._once(runs)
            except _Wrong as wrong:
                self.refused.append(str(wrong))
        if any(slow in self.refused[-1] for slow in _SLOW):
            return []
        raise SystemExit(self.refused[-1])

    def warm(self, workload: Workload, process: Process) -> None:
        """Run a workload and keep no figure of it; SystemExit where a gate is not passed."""
        for _ in range(1 + REFUSED):
            (told,) = self.generator.apply(load.run, ([process.address], [workload]))
            if not told.wrong:
                return
            self.refused.append(f"{workload.name}, {process.kind}: {told.wrong}")
        raise SystemExit(self.refused[-1])

    def _once(self, runs: Sequence[Run]) -> list[Cell]:
        number = next(self._numbers)
        workloads = [one if isinstance(one, Workload) else one(number) for one, _ in runs]
        processes = [one for _, one in runs]
        speed, before = report.calibration(), [_used(one) for one in processes]
        addresses = [one.address for one in processes]
        measured: list[load.Measured] = self.generator.apply(load.run, (addresses, workloads))
        after, speeds = [_used(one) for one in processes], (speed, report.calibration())
        cells = []
        for workload, process, told, start, end in zip(
            workloads, processes, measured, before, after, strict=True
        ):
            if told.wrong:
                raise _Wrong(f"{workload.name}, {process.kind}: {told.wrong}")
            cell = Cell(
                workload.name,
                process.kind,
                told.requests,
                told.seconds,
                end[0] - start[0],
                end[1] - start[1],
                told.p50,
                told.p99,
                sum(speeds) / len(speeds),
                workload.resources,
                max(speeds) / min(speeds),
            )
            cells.append(cell)
        return cells


class _Wrong(Exception):
    """Answers that did not pass a gate."""


def _used(process: Process) -> tuple[float, float]:
    return _seconds(process.pid), _seconds(process.database_pid)


def _seconds(pid: int) -> float:
    return sum(map(server.cpu_seconds, server.tree(pid))) if pid else 0.0


@contextmanager
def bench(*, steady: bool = False) -> Iterator[Bench]:
    """Start the load generator, on a core of its own where there are two."""
    with ExitStack() as stack:
        with server.pinned(1):
            generator = stack.enter_context(multiprocessing.get_context("spawn").Pool(1))
            generator.apply(int)
        yield Bench(generator, steady)
