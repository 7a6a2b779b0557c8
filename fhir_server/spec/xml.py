"""The FHIR XML codec: a resource as XML and back, driven by the definitions, lossless both ways.

Every type of a base is known, a guest's too. A resource is the dict JSON gives: decimals as
number literals, `_given` beside `given`. https://hl7.org/fhir/R4/xml.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.fhir import xml
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.xml import Element
from fhir_server.spec.structures import Structures
from fhir_server.spec.xml_misfit import Misfit
from fhir_server.spec.xml_read import read_resource
from fhir_server.spec.xml_write import written


def to_xml(structures: Structures, resource: Mapping[str, Any], *, pretty: bool = False) -> bytes:
    """Give a well-made resource as a FHIR XML document in UTF-8.

    `pretty` indents everything but narratives. Raises Invalid, with its location, for what XML
    cannot carry: a control character, a narrative that is not well formed, an unknown element.
    """
    try:
        return written(structures, resource, pretty=pretty).encode()
    except Misfit as fault:
        raise _invalid(fault, str(resource.get("resourceType", "Resource"))) from None


def from_xml(structures: Structures, body: bytes) -> dict[str, Any]:
    """Give the resource in a FHIR XML document; comments and processing instructions are dropped.

    Raises Invalid, with location and line, for XML that is not well formed or is hostile (see
    `fhir.xml.parse`) and for what the definitions do not have: another namespace, an unknown
    element or attribute, one out of order, repeated, or empty, text, a number that is none. What
    both formats can say wrongly (a missing element, an impossible date) is left to validation.
    """
    return from_element(structures, xml.parse(body))


def to_element(structures: Structures, resource: Mapping[str, Any]) -> Element:
    """Give a well-made resource as an element tree; Invalid as `to_xml`."""
    return xml.parse(to_xml(structures, resource))


def from_element(structures: Structures, element: Element) -> dict[str, Any]:
    """Give the resource this element is; Invalid as `from_xml`."""
    try:
        return read_resource(structures, element)
    except Misfit as fault:
        raise _invalid(fault, str(element.tag).rpartition("}")[2]) from None


def _invalid(fault: Misfit, root: str) -> Invalid:
    told = f"The resource does not fit FHIR XML: {fault.told}."
    return Invalid(told, expression=f"{root}{fault.place}", code="structure")
