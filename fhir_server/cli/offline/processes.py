"""Processes: pieces judged side by side, answered in their order, few of them in memory."""

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Pieces given out ahead, for each process.
_AHEAD = 4


def side_by_side(
    jobs: int, work: Callable[[T], R], prepare: Callable[[], object], given: Iterable[T]
) -> Iterator[R]:
    """Yield `work` of each thing given, in order, done by `jobs` processes.

    Each calls `prepare` first. Raises BrokenProcessPool where one is ended from outside.
    """
    if jobs == 1:
        yield from map(work, given)
        return
    # Where processes are copies of this one, what it has prepared need not be made again; they
    # are all made when the first thing is given.
    method = "fork" if sys.platform == "linux" else "spawn"
    context = multiprocessing.get_context(method)
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(prepare,))
    try:
        waiting: deque[Future[R]] = deque()
        for one in given:
            waiting.append(pool.submit(work, one))
            if len(waiting) > jobs * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(prepare: Callable[[], object]) -> None:
    # Ctrl-C is for the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare()
