"""JSON and XML at the door: what a body is, what an answer shall be, and the way between.

Behind the door resources are dicts, and answers JSON. https://hl7.org/fhir/R4/http.html#mime-type
"""

from msgspec import structs

from fhir_server.fhir import json, media, ndjson
from fhir_server.fhir.errors import Invalid, NotAcceptable, UnsupportedMediaType
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.media import Media
from fhir_server.interactions import binary
from fhir_server.interactions.aside import aside
from fhir_server.interactions.context import Target
from fhir_server.interactions.subset import ONE
from fhir_server.spec.structures import Structures
from fhir_server.spec.xml import from_xml, to_xml

_PLAIN = Media()
_PLAIN_TYPE = _PLAIN.content_type
# A Bundle of ours begins so.
_BUNDLE = b'{"resourceType":"Bundle"'


def wanted(request: FhirRequest) -> Media | None:
    """Give how the caller wants to be answered, None if it names nothing the server has."""
    format_ = dict(request.parameters).get("_format") if request.parameters else None
    return media.wanted(format_, request.headers.get("accept"))


def check_answer(request: FhirRequest, code: str, target: Target) -> None:
    """Raise NotAcceptable unless there is a format for the answer, or a Binary has its own."""
    if wanted(request) is None and not binary.has_own_format(code, target):
        wish = dict(request.parameters).get("_format") or request.headers.get("accept", "")
        raise NotAcceptable(
            f"Served are {media.JSON_TYPE} and {media.XML_TYPE} of FHIR 4.0 in UTF-8, "
            f"not {wish[:80]!r}."
        )


async def parsed(
    structures: Structures, request: FhirRequest, code: str, target: Target
) -> FhirRequest:
    """Give the request with the resource of an XML body parsed, of any body of a Binary.

    Operations and patches read documents of their own: of theirs only FHIR XML is parsed.
    Raises UnsupportedMediaType for what is not FHIR in JSON or XML, in UTF-8, and Invalid.
    """
    if binary.takes_any_content(code, target):
        sent = await aside(len(request.body), binary.sent, structures, request, target)
        return structs.replace(request, resource=sent)
    given = request.headers.get("content-type", media.JSON_TYPE)
    type_, parameters = media.parse(given)
    own = code.startswith("$") or code == "patch"
    format_ = (media.FHIR_TYPES if own else media.TYPES).get(type_)
    if format_ is None and own:
        return request
    if format_ is None or not media.readable(parameters):
        raise UnsupportedMediaType(
            f"Send {media.JSON_TYPE} or {media.XML_TYPE} of FHIR 4.0 in UTF-8, not {given[:80]!r}."
        )
    if format_ == "json":
        return request
    found = await aside(len(request.body), from_xml, structures, request.body)
    return structs.replace(request, resource=found)


def is_ready(request: FhirRequest, response: FhirResponse, code: str, target: Target) -> bool:
    """Say whether the answer is JSON, and the caller wants it just so."""
    return (
        response.content_type == _PLAIN_TYPE
        and ("_pretty", "true") not in request.parameters
        and wanted(request) == _PLAIN
        and not binary.has_own_format(code, target)
    )


async def rendered(
    structures: Structures,
    request: FhirRequest,
    response: FhirResponse,
    code: str,
    target: Target,
) -> FhirResponse:
    """Give the answer as the caller wants it: a Binary's own bytes, JSON or XML.

    Raises NotAcceptable for a resource XML cannot carry.
    """
    if binary.has_own_format(code, target):
        native = await aside(len(response.body), binary.shown, request, response)
        if native is not None:
            return native
    if code not in ONE and response.body.startswith(_BUNDLE):
        how = wanted(request)
        if how and how.format == "ndjson":
            return _lines(response, how)
    return await told(structures, request, response)


def _lines(response: FhirResponse, how: Media) -> FhirResponse:
    """Give a Bundle's resources, a line each; its links go into the header."""
    body, links = ndjson.of_bundle(response.body)
    told_ = (f'<{url}>; rel="{relation}"' for relation, url in links)
    headers = [*response.headers, *(("Link", link) for link in told_)]
    return structs.replace(response, body=body, headers=headers, content_type=how.content_type)


async def told(
    structures: Structures, request: FhirRequest | None, response: FhirResponse
) -> FhirResponse:
    """Give an answer in JSON as the caller wants it, JSON if nothing else will do.

    `_pretty=true` indents; what is not FHIR JSON stays as it is. Raises as `rendered`.
    """
    if request is None or not response.body or response.content_type != _PLAIN_TYPE:
        return response
    how = wanted(request) or _PLAIN
    pretty = ("_pretty", "true") in request.parameters
    body = response.body
    if how.format == "xml":
        try:
            body = await aside(len(body), _to_xml, structures, body, pretty)
        except Invalid as misfit:
            raise NotAcceptable(issues=misfit.issues) from None
    elif how.format == "ndjson":
        body += b"\n"
    elif pretty:
        body = json.pretty(body)
    return structs.replace(response, body=body, content_type=how.content_type)


def _to_xml(structures: Structures, body: bytes, pretty: bool) -> bytes:  # noqa: FBT001 passed through a thread by place
    return to_xml(structures, json.parse_object(body), pretty=pretty)
