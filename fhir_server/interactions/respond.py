"""The answers interactions have in common: a resource, a version's headers, an outcome.

https://hl7.org/fhir/R4/http.html#ops
"""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from fhir_server.fhir import dates, json
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import FhirError, Invalid, Issue
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.outcome import operation_outcome
from fhir_server.store.documents import Stored

_VERSION_DIGITS = 9
# Bytes of resources that fill a page, whatever `_count` says.
PAGE = 32 * 1024 * 1024


def etag(version: int) -> str:
    """Give the weak ETag of a version: `W/"3"`."""
    return f'W/"{version}"'


def http_date(ts: int) -> str:
    """Give the HTTP date of a time in µs; HTTP dates end at whole seconds."""
    return _http_date(ts // SECOND)


@lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def version_headers(stored: Stored) -> list[tuple[str, str]]:
    """Give ETag and Last-Modified."""
    return [("ETag", etag(stored.version)), ("Last-Modified", http_date(stored.ts))]


def location(base_url: str, stored: Stored) -> str:
    """Give the absolute URL of this version."""
    return f"{base_url}/{stored.type}/{stored.id}/_history/{stored.version}"


def resource(request: FhirRequest, stored: Stored) -> FhirResponse:
    """Answer with the stored bytes; 304 without them where the caller has this version.

    https://hl7.org/fhir/R4/http.html#cread
    """
    tag = etag(stored.version)
    headers = [("ETag", tag), ("Last-Modified", http_date(stored.ts))]
    if unchanged(request, tag, stored.ts):
        return FhirResponse(304, b"", headers)
    return FhirResponse(200, stored.body or b"", headers)


def written(
    base_url: str,
    request: FhirRequest,
    stored: Stored,
    *,
    changed: bool = True,
    told: Sequence[Issue] = (),
) -> FhirResponse:
    """Answer a write as `Prefer: return=` asks; the default is the whole representation.

    201 for a resource that is new, 200 for any other; `changed`: it is this request that wrote it;
    `told` are the issues of an OperationOutcome.
    """
    status = 201 if changed and stored.changed and stored.created else 200
    headers = [*version_headers(stored), ("Location", location(base_url, stored))]
    wish = prefer(request).get("return", "representation")
    if wish == "minimal":
        return FhirResponse(status, b"", headers)
    if wish == "OperationOutcome" or stored.body is None:
        return FhirResponse(status, outcome_body(told), headers)
    return FhirResponse(status, stored.body, headers)


def deleted(request: FhirRequest, gone: Sequence[Stored]) -> FhirResponse:
    """Answer a delete: 204, or 200 and an outcome that counts where `Prefer` asks for one.

    The ETag is that of the version which is the deletion, where it was one resource.
    """
    known = [stored for stored in gone if stored.version]
    headers = [("ETag", etag(stored.version)) for stored in known if len(gone) == 1]
    if prefer(request).get("return") != "OperationOutcome":
        return FhirResponse(204, b"", headers)
    count = sum(stored.changed for stored in gone)
    told = f"{count} deleted." if count else "There was nothing to delete."
    issue = Issue("informational", told, severity="information")
    return FhirResponse(200, outcome_body((issue,)), headers)


def outcome_body(issues: Sequence[Issue]) -> bytes:
    """Serialise an OperationOutcome."""
    return json.dump(operation_outcome(issues))


def error(failure: FhirError) -> FhirResponse:
    """Turn an error into its OperationOutcome answer."""
    return FhirResponse(failure.status, outcome_body(failure.issues), failure.headers)


def prefer(request: FhirRequest) -> dict[str, str]:
    """Read the Prefer header: `return=minimal, handling=lenient` → a dict."""
    parts = request.headers.get("prefer", "").replace(";", ",").split(",")
    pairs = (part.strip().partition("=") for part in parts if "=" in part)
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def strict(request: FhirRequest, *, default: bool) -> bool:
    """Say whether unknown search parameters are refused (`Prefer: handling=`)."""
    handling = prefer(request).get("handling")
    return default if handling not in ("strict", "lenient") else handling == "strict"


def unchanged(request: FhirRequest, tag: str, ts: int) -> bool:
    """Say whether the caller has this state, of this ETag and changed at `ts` (µs), already.

    If-None-Match is compared weakly; If-Modified-Since counts only without it, in whole seconds,
    and is passed over where it is no date.
    https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
    """
    given = request.headers.get("if-none-match")
    if given is not None:
        tags = {one.strip().removeprefix("W/") for one in given.split(",")}
        return not tags.isdisjoint(("*", tag.removeprefix("W/")))
    text = request.headers.get("if-modified-since")
    since = moment(text) if text else None
    return since is not None and ts // SECOND <= since // SECOND


def moment(text: str) -> int | None:
    """Read an HTTP date, or the instant that stands in a Bundle's entry; None for neither."""
    with contextlib.suppress(Invalid):
        return dates.parse_instant(text)
    try:
        return int(parsedate_to_datetime(text).timestamp()) * SECOND
    except (ValueError, OverflowError):
        return None


def version_number(text: str) -> int:
    """Read a versionId of ours: 1, 2, 3 …; 0 for a text that cannot be one."""
    ours = text.isascii() and text.isdigit() and len(text) <= _VERSION_DIGITS
    return int(text) if ours else 0
