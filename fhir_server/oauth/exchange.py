"""What is asked of the authorization server, and its answer: plain values, no framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Unavailable

Pairs = tuple[tuple[str, str], ...]
Headers = tuple[tuple[str, str], ...]

FORM = "application/x-www-form-urlencoded"
# https://www.rfc-editor.org/rfc/rfc6749#section-5.1
NO_STORE: Headers = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
_MAX_FIELDS = 64
_MAX_VALUE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request to an endpoint: `url` is the endpoint's, `headers` have names in lower case.

    `address` is the sender's, for counting what fails.
    """

    url: str
    form: Pairs
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `body` becomes JSON, None is none."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Headers = NO_STORE

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return b"" if self.body is None else json.dump(self.body)


def pairs(text: bytes) -> Pairs:
    """Read a query or a form; raise InvalidRequestError where that is not one."""
    try:
        found = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise InvalidRequestError("The parameters cannot be read.") from None
    if any(len(value) > _MAX_VALUE or "\x00" in name + value for name, value in found):
        raise InvalidRequestError("A parameter is too long or has a NUL.")
    return tuple(found)


def single(sent: Pairs) -> dict[str, str]:
    """Give the parameters by name: none twice, one without a value is none.

    Raises InvalidRequestError. https://www.rfc-editor.org/rfc/rfc6749#section-3.1
    """
    found: dict[str, str] = {}
    for name, value in sent:
        if name in found:
            raise InvalidRequestError("A parameter is given twice.")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def answered(make: Callable[[], Answer]) -> Answer:
    """Give the answer made, or the one that tells what was wrong.

    https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    """
    try:
        return make()
    except OAuth2Error as error:
        status, body, headers = error()
        return Answer(status, body, tuple(headers))
    except FhirError as error:
        code = (
            "temporarily_unavailable" if error.status == Unavailable.status else "invalid_request"
        )
        return Answer(error.status, told(code, str(error)), (*NO_STORE, *error.headers))


def told(error: str, described: str) -> dict[str, str]:
    """Give the body that tells an error."""
    return {"error": error, "error_description": described}


def redirected(uri: str, parameters: Mapping[str, str]) -> str:
    """Give a registered redirect URI, which has no fragment, with parameters added to its query.

    https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
    """
    query = urlencode([pair for pair in parameters.items() if pair[1]])
    return f"{uri}{'&' if '?' in uri else '?'}{query}"
