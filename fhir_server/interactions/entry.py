"""One entry of a batch or transaction: read once, answered once.

https://hl7.org/fhir/R4/bundle.html#Bundle.entry
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from fhir_server.fhir import bundle, dates
from fhir_server.fhir.errors import FhirError, Invalid, TooLarge, inside
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context

_HEADERS = {
    "ifMatch": "if-match",
    "ifNoneMatch": "if-none-match",
    "ifModifiedSince": "if-modified-since",
    "ifNoneExist": "if-none-exist",
}
_READS = ("GET", "HEAD")
# Bytes a response Bundle may take before the entries still to be run are refused.
MAX_ANSWER = 64 * 1024 * 1024


class Entry(msgspec.Struct, frozen=True):
    """`index` is the place in the Bundle; `path` has no query, no leading slash.

    `well`: the structure of the resource was looked at.
    """

    index: int
    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    full_url: str | None = None
    resource: dict[str, Any] | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    well: bool = False

    @property
    def request(self) -> FhirRequest:
        """The entry as a request of its own."""
        return FhirRequest(
            self.method,
            self.path,
            self.parameters,
            self.headers,
            resource=self.resource,
            well=self.well,
        )

    @property
    def place(self) -> str:
        """Where the entry stands, for issues: `Bundle.entry[3]`."""
        return _place(self.index)

    def named(self) -> "_Named":
        """Put this entry's location in front of every error raised inside."""
        return _Named(self.index)


class _Named(msgspec.Struct, frozen=True):
    """What `Entry.named` gives: a class, a generator takes three times as long."""

    index: int

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, failure: BaseException | None, _trace: object) -> None:
        if isinstance(failure, FhirError):
            place = _place(self.index)
            failure.issues = tuple(
                replace(issue, expression=inside(place, issue.expression))
                for issue in failure.issues
            )


def entries(
    context: Context, request: FhirRequest, resource: dict[str, Any], *, well: bool = False
) -> list[Entry]:
    """Read the entries of a checked Bundle; Invalid names the entry that cannot be run.

    What the Bundle's own request prefers holds for each of them; `well` says that the structure of
    their resources was looked at.
    """
    given = resource.get("entry", [])
    if len(given) > context.limits.max_bundle_entries:
        limit = context.limits.max_bundle_entries
        raise TooLarge(
            f"{len(given)} entries are more than the {limit} allowed; send fewer.",
            code="too-costly",
        )
    prefer = request.headers.get("prefer")
    shared = {} if prefer is None else {"prefer": prefer}
    return [_entry(context, index, one, shared, well=well) for index, one in enumerate(given)]


def _entry(
    context: Context, index: int, given: dict[str, Any], shared: Mapping[str, str], *, well: bool
) -> Entry:
    place = f"{_place(index)}.request"
    request = given.get("request")
    if request is None:
        raise Invalid("Every entry needs a request.", code="required", expression=place)
    if "method" not in request or "url" not in request:
        raise Invalid("A request needs a method and a url.", code="required", expression=place)
    url, _, query = request["url"].removeprefix(f"{context.base_url}/").partition("?")
    parts = [unquote(part, errors="replace") for part in url.strip("/").split("/")]
    if any("/" in part or "\x00" in part or "\ufffd" in part for part in parts):
        raise Invalid("The URL has a part that is no FHIR name or id.", expression=f"{place}.url")
    return Entry(
        index,
        request["method"],
        "/".join(parts),
        tuple(parse_qsl(query, keep_blank_values=True)),
        given.get("fullUrl"),
        given.get("resource"),
        {**shared, **{_HEADERS[name]: request[name] for name in _HEADERS if name in request}},
        well,
    )


def _place(index: int) -> str:
    return f"Bundle.entry[{index}]"


def status_line(status: int) -> str:
    """Give `201 Created` for 201."""
    return f"{status} {HTTPStatus(status).phrase}"


def response_of(answer: FhirResponse) -> dict[str, str]:
    """Give Bundle.entry.response of an answer: its status, and what its headers say."""
    headers = {name.lower(): value for name, value in answer.headers}
    told = {"status": status_line(answer.status)}
    told |= {name: headers[name] for name in ("etag", "location") if name in headers}
    changed = respond.moment(headers.get("last-modified", ""))
    if changed is not None:
        told["lastModified"] = dates.instant(changed)
    return told


def answered(entry: Entry, answer: FhirResponse) -> bytes:
    """Serialise the response entry of what the entry was answered alone."""
    told = response_of(answer)
    body = None if entry.method == "HEAD" else answer.body or None
    if body and entry.method not in _READS and _wants_outcome(entry):
        return bundle.response_entry(None, None, told, body)
    url = told.get("location", "").partition("/_history/")[0] or None
    return bundle.response_entry(url, body, told)


def failed(failure: FhirError) -> bytes:
    """Serialise the response entry of an error."""
    told = {"status": status_line(failure.status)}
    return bundle.response_entry(None, None, told, respond.outcome_body(failure.issues))


def _wants_outcome(entry: Entry) -> bool:
    return respond.prefer(entry.request).get("return") == "OperationOutcome"
