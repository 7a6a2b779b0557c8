"""The log: one JSON line per request on standard error, without personal data."""

import logging
import sys
import traceback
from datetime import UTC, datetime

from fhir_server.fhir import json
from fhir_server.fhir.exchange import FhirResponse

_log = logging.getLogger("fhir_server")


class _Line(logging.Formatter):
    """A record as one JSON object: time in UTC, level, process, event, what the event tells."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
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


def access_line(
    request_id: bytes, method: str, interaction: str, response: FhirResponse, seconds: float
) -> None:
    """Write the line of one request: no path, no parameter, no id of a resource."""
    told = {
        "request_id": request_id.decode(),
        "method": method[:16],
        "interaction": interaction,
        "status": response.status,
        "bytes": len(response.body),
        "ms": round(seconds * 1000, 2),
    }
    _log.info("request", told)


def waiting_line(reason: str) -> None:
    """Write that the server has started and waits for its database."""
    _log.warning("waiting", {"reason": reason})


def crash_line(request_id: bytes) -> None:
    """Write where a failure came from; never its message or values, which may be personal."""
    kind, _, trace = sys.exc_info()
    told = {
        "request_id": request_id.decode(),
        "error": kind.__name__ if kind else "",
        "frames": [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(trace)],
    }
    _log.error("crash", told)
