"""Processes: pieces judged side by side, answered in their order, few of them in memory."""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Answers kept until those before them are there, for each process.
_AHEAD = 4


class EndedError(Exception):
    """A process was ended from outside."""


def side_by_side(
    jobs: int, work: Callable[[T], R], prepare: Callable[[], object], given: Iterable[T]
) -> Iterator[R]:
    """Yield `work` of each thing given, in order, done by `jobs` processes.

    Each calls `prepare` first. Raises EndedError. One job is done by this process itself.
    """
    if jobs == 1:
        yield from map(work, given)
        return
    processes: list[BaseProcess] = []
    try:
        yield from _answered(_started(jobs, work, prepare, processes), iter(given))
    except (EOFError, OSError) as error:
        raise EndedError("A process was ended from outside.") from error
    finally:
        for one in processes:
            one.kill()
        for one in processes:
            one.join()


def _started(
    jobs: int, work: Callable[[T], R], prepare: Callable[[], object], processes: list[BaseProcess]
) -> "list[Connection[Any, Any]]":
    """Start processes; give the ends they are talked to by."""
    # Where processes are copies of this one, what it has prepared need not be made again.
    if sys.platform == "linux":
        context: ForkContext | SpawnContext = multiprocessing.get_context("fork")
    else:
        context = multiprocessing.get_context("spawn")
    ends: list[Connection[Any, Any]] = []
    for _ in range(jobs):
        ours, theirs = context.Pipe()
        ends.append(ours)
        made = context.Process(target=_serve, args=(theirs, [*ends], prepare, work), daemon=True)
        made.start()
        processes.append(made)
        theirs.close()
    return ends


def _serve(
    end: "Connection[Any, Any]",
    others: "list[Connection[Any, Any]]",
    prepare: Callable[[], object],
    work: Callable[[Any], Any],
) -> None:
    """Work until the other end is closed, of which this process may hold no copy."""
    # Ctrl-C is for the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for one in others:
        one.close()
    prepare()
    try:
        while True:
            end.send(work(end.recv()))
    except (EOFError, OSError):
        return


def _answered(ends: "list[Connection[Any, Any]]", given: Iterator[Any]) -> Iterator[Any]:
    """Give each process one thing at a time; yield the answers in order."""
    free: list[Any] = [*ends]
    busy: dict[Any, int] = {}
    done: dict[int, Any] = {}
    sent = told = 0
    more = True
    while more or busy or done:
        while more and free and sent - told < len(ends) * _AHEAD:
            try:
                one = next(given)
            except StopIteration:
                more = False
                break
            end = free.pop()
            end.send(one)
            busy[end] = sent
            sent += 1
        if told in done:
            yield done.pop(told)
            told += 1
        elif busy:
            ready: list[Any] = wait([*busy])
            for end in ready:
                done[busy.pop(end)] = end.recv()
            free += ready
