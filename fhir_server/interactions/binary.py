"""Binary in its native content type: raw bytes in, raw bytes out.

Only at the door; inside a Bundle a Binary is a resource like any other.
https://hl7.org/fhir/R4/binary.html#rest
"""

import base64
import re
from typing import Any

from msgspec import structs

from fhir_server.fhir import json, media, xml
from fhir_server.fhir.errors import Invalid, UnsupportedMediaType
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.media import Format
from fhir_server.interactions import subset
from fhir_server.interactions.context import Target
from fhir_server.spec.structures import Structures
from fhir_server.spec.xml import from_element
from fhir_server.spec.xml_layout import FHIR

_READS = ("read", "vread")
_WRITES = ("create", "update")
_ELEMENT = f"{{{FHIR}}}Binary"

_WORD = r"[A-Za-z0-9!#$&^_.+-]{1,127}"
_MEDIA_TYPE = re.compile(rf'{_WORD}/{_WORD}(?: ?; ?{_WORD}=(?:{_WORD}|"[A-Za-z0-9 ._/+-]*"))*')
_HEADER = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")
# What a browser shows without running anything in it; all else is offered as a file.
_SHOWN = re.compile(r"(?:image/(?!svg)|audio/|video/)[^;]+|text/plain\b.*")
_GUARDS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
)


def has_own_format(code: str, target: Target) -> bool:
    """Say whether the answer may be in a format of its own: a Binary that is read."""
    return target.type == "Binary" and code in _READS


def takes_any_content(code: str, target: Target) -> bool:
    """Say whether any body will do: a Binary that is created or updated."""
    return target.type == "Binary" and code in _WRITES


def shown(request: FhirRequest, response: FhirResponse) -> FhirResponse | None:
    """Give the answer to a read of a Binary as its bytes; None if the caller wants the resource.

    `_summary` and `_elements` want it: there is no part of bytes.
    """
    if not response.body or any(name in subset.NAMES for name, _ in request.parameters):
        return None
    resource = json.parse_object(response.body)
    if resource.get("resourceType") != "Binary":
        return None
    content_type = resource.get("contentType", "")
    format_ = dict(request.parameters).get("_format")
    if not media.native(format_, request.headers.get("accept"), content_type):
        return None
    if not _MEDIA_TYPE.fullmatch(content_type):
        content_type = "application/octet-stream"
    headers = [*response.headers, *_GUARDS]
    if not _SHOWN.fullmatch(content_type.lower()):
        headers.append(("Content-Disposition", "attachment"))
    context = resource.get("securityContext", {}).get("reference", "")
    if _HEADER.fullmatch(context):
        headers.append(("X-Security-Context", context))
    data = base64.b64decode(resource.get("data", ""))
    return structs.replace(response, body=data, headers=headers, content_type=content_type)


def sent(structures: Structures, request: FhirRequest, target: Target) -> dict[str, Any]:
    """Give the Binary a request carries: the resource itself, or one made of the bytes sent.

    A body that says it is FHIR is read as such, and is the content if it is another resource.
    Raises Invalid for one that cannot be read, UnsupportedMediaType for a charset but UTF-8.
    """
    given = request.headers.get("content-type", media.JSON_TYPE)
    type_, parameters = media.parse(given)
    format_ = media.TYPES.get(type_)
    if format_ and media.readable(parameters):
        try:
            resource = _resource(structures, request.body, format_)
        except Invalid:
            if type_ in media.FHIR_TYPES:
                raise
            resource = None
        if resource is not None:
            return resource
    elif type_ in media.FHIR_TYPES:
        raise UnsupportedMediaType(f"Send FHIR 4.0 in UTF-8, not {given[:80]!r}.")
    made: dict[str, Any] = {"resourceType": "Binary"}
    if target.id:
        made["id"] = target.id
    made["contentType"] = " ".join(given.split())
    context = request.headers.get("x-security-context")
    if context:
        made["securityContext"] = {"reference": context}
    return {**made, "data": base64.b64encode(request.body).decode()}


def _resource(structures: Structures, body: bytes, format_: Format) -> dict[str, Any] | None:
    """Give the Binary this body is in JSON or XML; None if it is something else."""
    if format_ == "xml":
        element = xml.parse(body)
        return from_element(structures, element) if element.tag == _ELEMENT else None
    found = json.parse(body)
    is_binary = isinstance(found, dict) and found.get("resourceType") == "Binary"
    return found if is_binary else None
