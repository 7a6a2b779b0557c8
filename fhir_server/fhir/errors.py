"""Errors a FHIR interaction can end with; each knows its status and its issues, none knows the web.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One OperationOutcome.issue.

    `code` is from the required value set issue-type; `expression` is a FHIRPath location such as
    `Patient.name[0].given`, empty where the fault is not in a resource.
    """

    code: str
    diagnostics: str
    expression: str = ""
    severity: Severity = "error"


def inside(place: str, expression: str) -> str:
    """Give a location in a resource as seen from the Bundle's entry `place` that holds it."""
    if not place or expression.startswith("Bundle."):
        return expression
    return f"{place}.resource.{expression.partition('.')[2] or expression}" if expression else place


class FhirError(Exception):
    """An interaction that ends in an OperationOutcome."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "exception"

    def __init__(
        self,
        diagnostics: str = "",
        *,
        expression: str = "",
        code: str | None = None,
        issues: Sequence[Issue] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Take one message, or several issues; `headers` go out with the answer."""
        self.issues = tuple(issues) or (Issue(code or self.code, diagnostics, expression),)
        self.headers = tuple(headers)
        super().__init__("; ".join(issue.diagnostics for issue in self.issues))


class Invalid(FhirError):
    """400: the request cannot be read as FHIR."""

    status, code = 400, "invalid"


class Unauthorized(FhirError):
    """401: it is not known who asks; `WWW-Authenticate` says how to tell.

    `client`, told to nobody, is the id of the client whose token was good once.
    """

    status, code = 401, "login"
    client = ""


class Forbidden(FhirError):
    """403: the caller may not do this at all."""

    status, code = 403, "forbidden"


class NotFound(FhirError):
    """404: no such resource, for this caller."""

    status, code = 404, "not-found"


class NotSupported(FhirError):
    """404 for a type, 400 for a parameter: the standard has it, this server does not."""

    status, code = 404, "not-supported"


class MethodNotAllowed(FhirError):
    """405: the interaction is not offered here."""

    status, code = 405, "not-supported"


class NotAcceptable(FhirError):
    """406: no format the caller accepts."""

    status, code = 406, "not-supported"


class Conflict(FhirError):
    """409: somebody else's write came between."""

    status, code = 409, "conflict"


class Gone(FhirError):
    """410: the resource was deleted."""

    status, code = 410, "deleted"


class PreconditionFailed(FhirError):
    """412: If-Match, or a conditional interaction that matches more than one resource."""

    status, code = 412, "conflict"


class TooLarge(FhirError):
    """413: the body is over the limit."""

    status, code = 413, "too-long"


class UriTooLong(FhirError):
    """414: the URL is over the limit."""

    status, code = 414, "too-long"


class UnsupportedMediaType(FhirError):
    """415: the body's media type is not read here."""

    status, code = 415, "not-supported"


class Unprocessable(FhirError):
    """422: the resource is readable but breaks the standard's rules."""

    status, code = 422, "processing"


class TooManyRequests(FhirError):
    """429: as much of this caller's is under way as the limits allow."""

    status, code = 429, "throttled"


class HeadTooLarge(FhirError):
    """431: there are too many headers, or they are too long."""

    status, code = 431, "too-long"


class Unreadable(FhirError):
    """500: what is kept was changed, moved, or sealed with a key that is not here."""


class Unavailable(FhirError):
    """503: the database does not answer; try again later."""

    status, code = 503, "transient"

    def __init__(self, diagnostics: str, *, retry_after: int = 5) -> None:
        """`retry_after` in seconds goes out as Retry-After."""
        super().__init__(diagnostics, headers=[("Retry-After", str(retry_after))])
