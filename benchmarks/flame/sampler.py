"""The server with a look at its stack now and then while it uses the processor.

Served by `python -m benchmarks flame`; it looks from SIGUSR1 until SIGUSR2, and then writes what it
saw to the file `BENCH_STACKS`: a line for each stack, `outer;inner count`.
"""

import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType

from fhir_server.http.app import App
from fhir_server.main import application as served

# Of processor time; the system may round it up to its own tick.
_SECONDS = 0.001
_LIBRARY = f"python{sys.version_info.major}.{sys.version_info.minor}/"
_SEEN: Counter[tuple[CodeType, ...]] = Counter()


def application() -> App:
    """Give the server's application."""
    signal.signal(signal.SIGPROF, _look)
    signal.siginterrupt(signal.SIGPROF, False)
    signal.signal(signal.SIGUSR1, _begin)
    signal.signal(signal.SIGUSR2, _end)
    return served()


def _begin(_: int, __: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_PROF, _SECONDS, _SECONDS)


def _look(_: int, frame: FrameType | None) -> None:
    stack = []
    while frame:
        stack.append(frame.f_code)
        frame = frame.f_back
    _SEEN[tuple(reversed(stack))] += 1


def _end(_: int, __: FrameType | None) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    lines = (f"{';'.join(map(_named, stack))} {count}" for stack, count in _SEEN.items())
    path = Path(os.environ["BENCH_STACKS"])
    path.with_suffix(".part").write_text("\n".join(lines))
    path.with_suffix(".part").rename(path)


def _named(code: CodeType) -> str:
    """Give module and function: a package's path begins where it can be imported from."""
    path = code.co_filename.removesuffix(".py").removesuffix("/__init__")
    for root in ("site-packages/", f"{Path.cwd()}/", _LIBRARY):
        _, found, rest = path.partition(root)
        path = rest if found else path
    return f"{path.replace('/', '.')}:{code.co_qualname}"
