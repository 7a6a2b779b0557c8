"""The log: one JSON line per request on standard error, without personal data.

The lines of one turn of the loop are written at once (docs/adr/0048-lines-in-groups.md).
"""

import logging
import os
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import BinaryIO

import msgspec

from fhir_server.fhir import json
from fhir_server.http.turns import Turns

_log = logging.getLogger("fhir_server")


class _Request(msgspec.Struct):
    """The line of one request; its fields stand in this order."""

    time: str
    level: str
    pid: int
    event: str
    request_id: str
    method: str
    interaction: str
    status: int
    bytes: int
    ms: float


# When, request id, method, interaction, status, bytes, seconds.
_Told = tuple[float, bytes, str, str, int, int, float]


class _Lines:
    """Lines of requests until the loop's next turn; without `out` nobody wants them."""

    def __init__(self) -> None:
        self.out: BinaryIO | None = None
        self.pid = 0
        self._turns = Turns(self._write)
        self.add, self.end = self._turns.add, self._turns.end

    def _write(self, told: Sequence[_Told]) -> None:
        """Write lines. Where nobody reads the log any more requests are answered on."""
        if self.out:
            with suppress(OSError, ValueError):
                self.out.write(json.dump_lines(list(map(self._line, told))))
                self.out.flush()

    def _line(self, told: _Told) -> _Request:
        at, name, method, interaction, status, size, seconds = told
        ms = round(seconds * 1000, 2)
        what = (method[:16], interaction, status, size, ms)
        return _Request(_time(at), "info", self.pid, "request", name.decode(), *what)


_lines = _Lines()


class _Line(logging.Formatter):
    """A record as one JSON object: time in UTC, level, process, event, what the event tells."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "pid": record.process,
            "event": record.msg,
            **(record.args if isinstance(record.args, dict) else {}),
        }
        return json.dump(told).decode()


def configure() -> None:
    """Send this server's lines, and only these, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Line())
    _log.handlers = [handler]
    _log.setLevel(logging.INFO)
    _log.propagate = False
    _lines.out, _lines.pid = sys.stderr.buffer, os.getpid()


def access_line(
    request_id: bytes, method: str, interaction: str, answer: tuple[int, int], seconds: float
) -> None:
    """Write the line of one request: no parameter, no id of a resource.

    `answer` is its status and bytes; `interaction` of what is not FHIR is its route, such as
    `/oauth/token` or `/oauth/register/{id_}`.
    """
    if _lines.out is not None:
        _lines.add((time.time(), request_id, method, interaction, *answer, seconds))


def waiting_line(reason: str) -> None:
    """Write that the server has started and waits for its database."""
    _log.warning("waiting", {"reason": reason})


def crash_line(request_id: bytes) -> None:
    """Write where a failure came from; never its message or values, which may be personal."""
    # What was answered before stands before.
    _lines.end()
    kind, _, trace = sys.exc_info()
    told = {
        "request_id": request_id.decode(),
        "error": kind.__name__ if kind else "",
        "frames": [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(trace)],
    }
    _log.error("crash", told)


def _time(seconds: float) -> str:
    """Give a time since the epoch as ISO 8601 in UTC."""
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1_000_000):06}+00:00"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()
