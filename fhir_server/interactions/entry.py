"""One entry of a batch or transaction, read once.

https://hl7.org/fhir/R4/bundle.html#Bundle.entry
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from fhir_server.fhir import bundle
from fhir_server.fhir.errors import FhirError, Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import check_id, check_type

_HEADERS = {
    "ifMatch": "if-match",
    "ifNoneMatch": "if-none-match",
    "ifModifiedSince": "if-modified-since",
    "ifNoneExist": "if-none-exist",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """`index` is the place in the Bundle; `path` has no query, no leading slash."""

    index: int
    method: str
    path: str
    parameters: tuple[tuple[str, str], ...]
    full_url: str | None = None
    resource: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def if_match(self) -> str | None:
        """The version precondition, as the header would have it."""
        return self.headers.get("if-match")

    @property
    def if_none_exist(self) -> str | None:
        """The query of a conditional create."""
        return self.headers.get("if-none-exist")

    @property
    def request(self) -> FhirRequest:
        """The entry as a request of its own."""
        return FhirRequest(
            self.method, self.path, self.parameters, self.headers, resource=self.resource
        )

    @contextmanager
    def named(self) -> Iterator[None]:
        """Put this entry's location in front of every error raised inside."""
        try:
            yield
        except FhirError as failure:
            place = f"Bundle.entry[{self.index}]"
            failure.issues = tuple(
                replace(issue, expression=_inside(place, issue.expression))
                for issue in failure.issues
            )
            raise

    def target(self, context: Context) -> tuple[str, str | None]:
        """Give the type and id a write entry names; Invalid for any other shape of URL."""
        parts = self.path.split("/")
        wanted = 1 if self.method == "POST" else 2
        if len(parts) != wanted or self.parameters:
            form = "Type" if wanted == 1 else "Type/id"
            raise Invalid(f"request.url of a {self.method} entry must be {form} here.")
        check_type(context, parts[0])
        if wanted == 1:
            return parts[0], None
        check_id(parts[1])
        return parts[0], parts[1]

    def read_answer(self, answer: FhirResponse) -> bytes:
        """Serialise the entry's answer to a read or a search."""
        told: dict[str, Any] = {"status": str(answer.status)}
        headers = {name.lower(): value for name, value in answer.headers}
        if "etag" in headers:
            told["etag"] = headers["etag"]
        if "location" in headers:
            told["location"] = headers["location"]
        body = None if self.method == "HEAD" else answer.body or None
        return bundle.response_entry(None, body, told)


def _inside(place: str, expression: str) -> str:
    if not expression:
        return place
    if expression.startswith("Bundle."):
        return expression
    return f"{place}.resource.{_tail(expression)}"


def _tail(expression: str) -> str:
    return expression.partition(".")[2] or expression


def entries(context: Context, resource: dict[str, Any]) -> list[Entry]:
    """Read the entries of a checked Bundle; Invalid names the entry that cannot be run."""
    given = resource.get("entry", [])
    if len(given) > context.limits.max_bundle_entries:
        limit = context.limits.max_bundle_entries
        raise Invalid(f"{len(given)} entries are more than the {limit} allowed.", code="too-costly")
    return [_entry(context, index, one) for index, one in enumerate(given)]


def _entry(context: Context, index: int, given: dict[str, Any]) -> Entry:
    place = f"Bundle.entry[{index}].request"
    request = given.get("request")
    if request is None:
        raise Invalid("Every entry needs a request.", code="required", expression=place)
    if "method" not in request or "url" not in request:
        raise Invalid("A request needs a method and a url.", code="required", expression=place)
    url, _, query = request["url"].removeprefix(f"{context.base_url}/").partition("?")
    return Entry(
        index,
        request["method"],
        "/".join(unquote(part) for part in url.lstrip("/").split("/")),
        tuple(parse_qsl(query, keep_blank_values=True)),
        given.get("fullUrl"),
        given.get("resource"),
        {_HEADERS[name]: request[name] for name in _HEADERS if name in request},
    )
