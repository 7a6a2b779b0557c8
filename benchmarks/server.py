"""The processes measured: started, waited for, and what the system says they used."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from fhir_server.store.embedded import free_port

DATABASE = "benchmark"
START, STOP = 180, 30
# A busy machine is slow, not wrong.
PATIENT = dict.fromkeys(("FHIR_SEARCH_SECONDS", "FHIR_TRANSACTION_SECONDS"), "60")
# Of the clocks of another process the one that counts what it was given (clock_getcpuclockid(3)).
_SCHEDULED = 2
# A warm start is one that finds its modules compiled.
_NOT_INHERITED = frozenset({"PYTHONDONTWRITEBYTECODE"})


@contextmanager
def serving(uri: str, workers: int = 1, /, **environment: str) -> Iterator[tuple[int, int, float]]:
    """Run `fhir-server serve`; give its pid, its port, and seconds until ready."""
    port = free_port()
    command = [sys.executable, "-m", "fhir_server", "serve", "--port", str(port)]
    command += ["--workers", str(workers)]
    settings = {"FHIR_MONGODB_URI": uri, "FHIR_DATABASE": DATABASE, "FHIR_AUTH": "none"}
    settings |= PATIENT | environment
    with running(command, settings, port, "/health/ready") as (pid, seconds):
        yield pid, port, seconds


@contextmanager
def flooring(answers: Path, workers: int = 1) -> Iterator[tuple[int, int]]:
    """Run the bare ASGI application as the server is run; give its pid and port."""
    settings = {"FLOOR_ANSWERS": str(answers)}
    with hosting("benchmarks.floor:application", settings, workers) as (pid, port):
        yield pid, port


@contextmanager
def hosting(
    application: str, environment: dict[str, str], workers: int = 1, ready: str | None = None
) -> Iterator[tuple[int, int]]:
    """Run an ASGI application as `serve` runs its own; give its pid and port."""
    port = free_port()
    hosting = [sys.executable, "-m", "benchmarks.hosting"]
    command = [*hosting, application, str(port), str(workers)]
    with running(command, environment, port, ready) as (pid, _):
        yield pid, port


@contextmanager
def running(
    command: list[str], environment: dict[str, str], port: int, path: str | None
) -> Iterator[tuple[int, float]]:
    """Run a command; give its pid, and the seconds until it listened and answered at a path."""
    began = time.perf_counter()
    quiet = subprocess.DEVNULL
    settings = {name: one for name, one in os.environ.items() if name not in _NOT_INHERITED}
    process = subprocess.Popen(command, env=settings | environment, stdout=quiet, stderr=quiet)
    try:
        while not _ready(port, path):
            if process.poll() is not None or time.perf_counter() - began > START:
                raise SystemExit(f"It did not start: {' '.join(command)}")
            time.sleep(0.01)
        yield process.pid, time.perf_counter() - began
    finally:
        for pid in sorted(tree(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(port: int, path: str | None) -> bool:
    with closing(socket.socket()) as knock:
        if knock.connect_ex(("127.0.0.1", port)):
            return False
    if path is None:
        return True
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def cpu_seconds(pid: int) -> float:
    """Give the processor time a process has used, to the nanosecond (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def resident_megabytes(pid: int) -> float:
    """Give the memory a process holds (proc(5), VmRSS)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def children(pid: int | str = "self") -> set[int]:
    """Give the pids of a process's children, of this one's by default."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}


def tree(pid: int) -> set[int]:
    """Give a process and all that come from it."""
    return {pid}.union(*map(tree, children(pid)))


@contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Keep what is started inside on one core, where there are several and the system can.

    None leaves it on all.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if core is None or len(cores) < 2:  # noqa: PLR2004 - nothing to choose from
        yield
        return
    os.sched_setaffinity(0, {cores[core % len(cores)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
