"""One server process: what `serve` is itself, or has several of on one socket."""

import gc
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE

from fhir_server.cli.protocol import Bounded, Gentle

BEAT = 1  # second
DRAIN = 25  # seconds until what still runs is cut off: containers are given 30


def config(**more: Any) -> Config:
    """Give what uvicorn is told."""
    return Config(
        "fhir_server.main:application",
        factory=True,
        http=Bounded,
        limit_concurrency=1000,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN,
        **more,
    )


def run(host: str, port: int) -> None:
    """Serve in this process until a signal ends it."""
    # An eighth of a start is collecting garbage where there is none: see `main.application`.
    gc.disable()
    # Nobody could take over: whoever wants to be replaced has two.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    server = Gentle(config(host=host, port=port))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def work(listener: int, telling: int) -> None:
    """Serve on a socket of the parent's, and tell it every second that this process does.

    Both are file descriptors. A parent that is gone is heard of within a second or two. Without it
    nobody ends this process, which may wait for a database that is gone with it: so a clock does.
    """
    gc.disable()  # as above
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    async def beat() -> None:
        try:
            os.write(telling, b".")
        except OSError:
            signal.alarm(2 * DRAIN)
            signal.raise_signal(signal.SIGTERM)

    server = Gentle(config(callback_notify=beat, timeout_notify=BEAT))
    with suppress(KeyboardInterrupt):
        server.run(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    work(*map(int, sys.argv[1:]))
