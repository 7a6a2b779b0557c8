"""A patch in any format the standard has, read once, applied to a resource as often as needed.

https://hl7.org/fhir/R4/http.html#patch
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, Unprocessable, UnsupportedMediaType
from fhir_server.patch import fhirpath_patch, json_patch, merge_patch, operations, xml_patch
from fhir_server.patch.prune import pruned
from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Structures
from fhir_server.spec.xml import from_xml

Resource = dict[str, Any]

JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
XML_PATCH = "application/xml-patch+xml"
FHIR_JSON, FHIR_XML = "application/fhir+json", "application/fhir+xml"
MEDIA_TYPES = (JSON_PATCH, MERGE_PATCH, XML_PATCH, FHIR_JSON, FHIR_XML)

_PARSERS: dict[str, Callable[[Structures, bytes], Resource]] = {
    FHIR_JSON: lambda _structures, body: json.parse_object(body),
    FHIR_XML: from_xml,
}
_STAMPED = ("versionId", "lastUpdated")


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch that was read and checked; `run` gives the patched JSON value."""

    run: Callable[[Resource], Any]

    def apply(self, resource: Resource) -> Resource:
        """Give the patched resource; the one given is not changed. Not checked: is it well made.

        Raises Unprocessable, naming the operation, where the patch does not fit the resource, and
        where it would change `resourceType` or `id`. What the server says in `meta` stays.
        """
        result = self.run(resource)
        if not isinstance(result, dict):
            raise Unprocessable("The patch leaves no resource.", code="structure")
        for name in ("resourceType", "id"):
            if result.get(name) != resource.get(name):
                root = resource.get("resourceType", "Resource")
                told = f"A patch may not change {name}."
                raise Unprocessable(told, code="invariant", expression=f"{root}.{name}")
        return _stamped(pruned(result), resource)


def _stamped(result: Resource, before: Resource) -> Resource:
    """Give the result with the version and the time of the resource it was made from."""
    given, stood = result.get("meta", {}), before.get("meta", {})
    if not isinstance(given, dict) or not isinstance(stood, dict):
        return result
    meta = {name: stood[name] for name in _STAMPED if name in stood}
    meta |= {name: value for name, value in given.items() if name not in _STAMPED}
    rest = {name: value for name, value in result.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def read_patch(spec: Spec, media_type: str, body: bytes, resource: Resource | None) -> Patch:
    """Read a patch; `resource` is the body where it was parsed already, as in a Bundle's entry.

    There a JSON Patch or an XML Patch comes in a Binary: its contentType and data are read.
    Raises Invalid for a patch that is none, naming the operation (`[2].path`), and
    UnsupportedMediaType.
    """
    if resource is not None and resource.get("resourceType") == "Binary":
        return read_patch(spec, *_unpacked(resource), None)
    kind = media_type.partition(";")[0].strip().lower()
    if kind in _PARSERS and resource is None:
        resource = _PARSERS[kind](spec.structures, body)
    if resource is not None:
        read = operations.read(spec.structures, resource)
        return Patch(partial(fhirpath_patch.run, spec.structures, read))
    if kind == JSON_PATCH:
        return Patch(partial(json_patch.run, json_patch.read(json.parse(body))))
    if kind == MERGE_PATCH:
        return Patch(partial(merge_patch.run, merge_patch.read(json.parse(body))))
    if kind == XML_PATCH:
        return Patch(partial(xml_patch.run, spec.structures, xml_patch.read(body)))
    raise _unsupported(kind)


def _unpacked(binary: Resource) -> tuple[str, bytes]:
    """Give a Binary's media type and its bytes.

    https://hl7.org/fhir/R4/http.html#patch
    """
    media_type, data = binary.get("contentType"), binary.get("data")
    if not isinstance(media_type, str) or not isinstance(data, str):
        told = "A patch in a Binary needs contentType and data."
        raise Invalid(told, code="required", expression="Binary")
    try:
        return media_type, base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        told = "The data of the Binary is not base64."
        raise Invalid(told, code="value", expression="Binary.data") from None


def _unsupported(kind: str) -> UnsupportedMediaType:
    accepted = ", ".join(MEDIA_TYPES)
    told = f"A patch cannot be {kind[:64]!r}; send one of {accepted}."
    return UnsupportedMediaType(told, headers=[("Accept-Patch", accepted)])
