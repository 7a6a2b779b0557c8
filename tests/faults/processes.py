"""A server, and a database, as processes of their own: started, asked, killed."""

import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from fhir_server.store import embedded

ROOT = Path(__file__).parents[2]
START, STOP = 180, 60
# How many workers serve where a test does not say: the whole suite can be run with several.
WORKERS = os.environ.get("FHIR_TEST_WORKERS", "1")
COMMAND = [sys.executable, "-m", "fhir_server"]


@dataclass
class Server:
    """`fhir-server serve` in a folder of its own; its standard error is the file `log`."""

    process: subprocess.Popen
    url: str
    folder: Path

    @property
    def log(self):
        """Give the whole lines of the log: the last one may still be written."""
        text = (self.folder / "server.log").read_text(encoding="utf-8")
        return text[: text.rfind("\n") + 1]

    @property
    def database_port(self):
        uri = (self.folder / "mongodb" / "uri").read_text().strip()
        return int(uri.partition("?")[0].rstrip("/").rpartition(":")[2])

    def client(self, **options):
        return httpx2.Client(base_url=self.url, timeout=30, **options)

    def kill(self):
        self.process.kill()
        self.process.wait(STOP)

    def end(self):
        """Ask it to end; give its exit code."""
        self.process.terminate()
        return self.process.wait(STOP)


@contextmanager
def serving(folder, *options, uri=None, path="/health/ready", **settings):
    """Serve until the context ends, from when `path` answers; without `uri` on the embedded one."""
    port = embedded.free_port()
    folder.mkdir(exist_ok=True)
    command = [*COMMAND, "serve", "--port", str(port), "--data", str(folder / "mongodb")]
    command += ["--auth", "none", "--workers", WORKERS, *options]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(uri, **settings), stdout=log, stderr=log
        )
    server = Server(process, f"http://127.0.0.1:{port}", folder)
    try:
        _wait(server, path)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment(uri=None, **settings):
    """Give the environment without anybody's FHIR_ settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FHIR_")}
    given = {f"FHIR_{name.upper()}": str(value) for name, value in settings.items()}
    return kept | given | ({"FHIR_MONGODB_URI": uri} if uri else {})


def run(*arguments, python=sys.executable, timeout=START, **variables):
    """Run the command line to its end."""
    return subprocess.run(
        [python, "-m", "fhir_server", *map(str, arguments)],
        cwd=ROOT,
        env=environment() | variables,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def listens(port):
    with closing(socket.socket()) as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def until(holds, seconds=STOP):
    """Ask again until it holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)


def _wait(server, path):
    deadline = time.monotonic() + START
    with server.client() as client:
        while True:
            assert server.process.poll() is None, server.log
            assert time.monotonic() < deadline, server.log
            try:
                if client.get(path).is_success:
                    return
            except httpx2.HTTPError:
                pass
            time.sleep(0.05)


class Database:
    """An embedded server of one test's own, always on the same port."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.port = embedded.free_port()
        self.start()

    def start(self):
        with embedded._held(self.folder) as lock:
            program = embedded._program()
            self.child, self.uri = embedded._start(program, self.folder, self.port, lock)

    def kill(self):
        self.child.kill()
        self.child.wait(STOP)

    def end(self):
        embedded.stop(self.child)
