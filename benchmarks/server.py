"""The processes measured: started, waited for, and what the system says they used."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

DATABASE = "benchmark"
START, STOP = 60, 30
# A warm start is one that finds its modules compiled.
_NOT_INHERITED = frozenset({"PYTHONDONTWRITEBYTECODE"})


@contextmanager
def serving(uri: str, **environment: str) -> Iterator[tuple[int, int, float]]:
    """Run `fhir-server serve` with one worker; give its pid, its port, and seconds until ready."""
    port = free_port()
    command = [sys.executable, "-m", "fhir_server", "serve", "--port", str(port)]
    settings = {"FHIR_MONGODB_URI": uri, "FHIR_DATABASE": DATABASE, "FHIR_AUTH": "none"}
    settings |= environment
    with _running(command, settings, port, "/health/ready") as (pid, seconds):
        yield pid, port, seconds


@contextmanager
def flooring(answers: Path) -> Iterator[tuple[int, int]]:
    """Run the bare ASGI application under the server's uvicorn settings; give its pid and port."""
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    options += ["--factory", "--no-access-log", "--no-server-header"]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.floor:application", *options]
    with _running(command, {"FLOOR_ANSWERS": str(answers)}, port, None) as (pid, _):
        yield pid, port


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], port: int, path: str | None
) -> Iterator[tuple[int, float]]:
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
        process.terminate()
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


def free_port() -> int:
    """Give a TCP port nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Give the processor time a process has used (proc(5), fields utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """Give the memory a process holds (proc(5), VmRSS)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def children() -> set[int]:
    """Give the pids of this process's children."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(pid) for task in tasks for pid in task.read_text().split()}
