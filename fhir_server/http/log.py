"""The log: one JSON line per request, without personal data."""

import sys
import traceback
from typing import TextIO

import structlog

from fhir_server.fhir.exchange import FhirResponse

_log = structlog.get_logger()


def configure(stream: TextIO = sys.stderr) -> None:
    """Send log lines to `stream` as JSON with a UTC time."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )


def access_line(
    request_id: bytes, method: str, interaction: str, response: FhirResponse, seconds: float
) -> None:
    """Write the line of one request: no path, no parameter, no id of a resource."""
    _log.info(
        "request",
        request_id=request_id.decode(),
        method=method[:16],
        interaction=interaction,
        status=response.status,
        bytes=len(response.body),
        ms=round(seconds * 1000, 2),
    )


def crash_line(request_id: bytes) -> None:
    """Write where a failure came from; never its message or values, which may be personal."""
    kind, _, trace = sys.exc_info()
    frames = [f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_tb(trace)]
    name = kind.__name__ if kind else ""
    _log.error("crash", request_id=request_id.decode(), error=name, frames=frames)
