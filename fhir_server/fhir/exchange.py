"""One request and one response, free of any web framework.

HTTP requests and Bundle entries both become a `FhirRequest`, so both run through one route table.
Structs cost a tenth of frozen dataclasses to make; `msgspec.structs.replace` gives changed ones.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

# What is read and written, as a CapabilityStatement tells it.
FORMATS = (
    "application/fhir+json",
    "application/fhir+xml",
    "application/fhir+ndjson",
    "json",
    "xml",
)


class FhirRequest(msgspec.Struct, frozen=True):
    """What a caller asks of one base.

    `path` is relative to the base, decoded, without leading slash: `Patient/123/_history`.
    `parameters` are the query's, then a form body's, in order, decoded. `headers` have
    lower-case names. `resource` is set when the body was parsed already (a Bundle entry), and
    `well` when its structure was looked at too.
    """

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = {}
    body: bytes = b""
    resource: dict[str, Any] | None = None
    well: bool = False


class FhirResponse(msgspec.Struct, frozen=True):
    """What goes back: `body` is serialised JSON (or a Binary's own bytes), never a dict."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    content_type: str = "application/fhir+json; charset=utf-8"
