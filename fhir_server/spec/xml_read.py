"""From FHIR XML to a resource: every element is looked up, nothing is passed over.

https://hl7.org/fhir/R4/xml.html
"""

from dataclasses import dataclass
from typing import Any

from msgspec import Raw

from fhir_server.fhir import json, xhtml, xml
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.xml import Element
from fhir_server.spec.structures import Structures
from fhir_server.spec.xml_layout import FHIR, Form, Slot, is_concrete, layout
from fhir_server.spec.xml_misfit import Misfit

_PREFIX = f"{{{FHIR}}}"
_BLANK = " \t\r\n"
_SHORT = 60
# Types that are no string in JSON, and what their values are there.
_PLAIN: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "decimal": (int, Raw),
    "integer": (int,),
    "positiveInt": (int,),
    "unsignedInt": (int,),
}


def read_resource(structures: Structures, element: Element) -> dict[str, Any]:
    """Give the resource this element is; Misfit for the first thing that cannot be."""
    return _Reader(structures).resource(element, 1)


@dataclass(frozen=True, slots=True)
class _Reader:
    """`depth` counts the objects and arrays around a value, which JSON bounds."""

    structures: Structures

    def resource(self, element: Element, depth: int) -> dict[str, Any]:
        type_ = _local(element)
        if not is_concrete(self.structures, type_):
            raise Misfit(f"{type_[:64]} is no resource type known here{_line(element)}")
        found: dict[str, Any] = {"resourceType": type_}
        self.object(found, type_, element, xml.attributes(element), depth)
        return found

    def object(
        self,
        found: dict[str, Any],
        content: str,
        element: Element,
        attributes: dict[str, str],
        depth: int,
    ) -> None:
        """Fill `found` with the attributes and elements of one element."""
        if depth > json.MAX_DEPTH:
            raise Misfit(f"nested deeper than JSON allows: {json.MAX_DEPTH} levels")
        at = layout(self.structures, content)
        for name in attributes:
            if name not in at.attributes:
                raise Misfit(f"{content} has no attribute {name[:64]!r}{_line(element)}")
        found.update(attributes)
        _no_text(element.text, element)
        before: Slot | None = None
        companions = False
        for child in element:
            slot = at.tags.get(child.tag)
            if slot is None:
                raise _unknown(content, child)
            if before and slot.rank < before.rank:
                raise Misfit(f"{slot.key} must stand before {before.key}{_line(child)}")
            before = slot
            _no_text(child.tail, child)
            try:
                companions |= self.slot(found, slot, child, depth + 1)
            except Misfit as fault:
                fault.steps.append(f".{slot.name}")
                raise
        if companions:
            _even(found)

    def slot(self, found: dict[str, Any], slot: Slot, child: Element, depth: int) -> bool:
        """Add one element to `found`; say whether it is a primitive with a companion."""
        if not slot.many:
            if slot.key in found or slot.companion in found:
                raise Misfit(f"{slot.key} may stand only once{_line(child)}")
            value, companion = self.one(slot, child, depth)
            if value is not None:
                found[slot.key] = value
            if companion is not None:
                found[slot.companion] = companion
            return False
        if depth > json.MAX_DEPTH:
            raise Misfit(f"nested deeper than JSON allows: {json.MAX_DEPTH} levels")
        values = found.setdefault(slot.key, [])
        try:
            value, companion = self.one(slot, child, depth + 1)
        except Misfit as fault:
            fault.steps.append(f"[{len(values)}]")
            raise
        values.append(value)
        if companion is None:
            return False
        extras = found.setdefault(slot.companion, [])
        extras += [None] * (len(values) - 1 - len(extras))
        extras.append(companion)
        return True

    def one(self, slot: Slot, child: Element, depth: int) -> tuple[Any, dict[str, Any] | None]:
        """Give the value of one element and its companion, one of which may be None."""
        if slot.form is Form.VALUE:
            return self.primitive(slot, child, depth)
        if slot.form is Form.DIV:
            return xhtml.text_of(child), None
        if slot.form is Form.RESOURCE:
            return self.wrapped(child, depth), None
        value: dict[str, Any] = {}
        self.object(value, slot.content, child, xml.attributes(child), depth)
        return value, None

    def primitive(
        self, slot: Slot, child: Element, depth: int
    ) -> tuple[Any, dict[str, Any] | None]:
        attributes = xml.attributes(child)
        text = attributes.pop("value", None)
        value = None if text is None else _value(slot.type, text, child)
        if not attributes and not len(child) and not child.text:
            if value is None:
                raise Misfit(f"{slot.key} has neither a value nor an extension{_line(child)}")
            return value, None
        companion: dict[str, Any] = {}
        self.object(companion, "Element", child, attributes, depth)
        return value, companion or None

    def wrapped(self, element: Element, depth: int) -> dict[str, Any]:
        """Give the one resource inside `contained`, `resource` or `outcome`."""
        _no_text(element.text, element)
        if len(element) != 1 or element.attrib:
            raise Misfit(f"one resource is expected here, and no attribute{_line(element)}")
        _no_text(element[0].tail, element)
        return self.resource(element[0], depth)


def _even(found: dict[str, Any]) -> None:
    """Bring arrays and their companions to one length; leave out an array of nulls only."""
    for key in [key for key in found if key.startswith("_")]:
        extras, values = found[key], found.get(key[1:])
        if isinstance(extras, list) and isinstance(values, list):
            extras += [None] * (len(values) - len(extras))
            if all(value is None for value in values):
                del found[key[1:]]


def _value(type_: str, text: str, element: Element) -> Any:
    """Give the JSON value of an attribute: `1.00` of a decimal keeps its digits."""
    kinds = _PLAIN.get(type_)
    if kinds is None:
        return text
    try:
        value = json.parse(text.encode())
    except Invalid:
        value = None
    if type(value) not in kinds or text != text.strip(_BLANK):
        raise Misfit(f"{text[:_SHORT]!r} is not a valid {type_}{_line(element)}")
    return value


def _local(element: Element) -> str:
    tag = str(element.tag)
    if not tag.startswith(_PREFIX):
        raise Misfit(f"{tag[:120]} is not in the namespace {FHIR}{_line(element)}")
    return tag.removeprefix(_PREFIX)


def _unknown(content: str, child: Element) -> Misfit:
    return Misfit(f"{content} has no element {_local(child)[:64]!r}{_line(child)}")


def _no_text(text: str | None, element: Element) -> None:
    if text and (rest := text.strip(_BLANK)):
        raise Misfit(f"text stands where only elements may: {rest[:_SHORT]!r}{_line(element)}")


def _line(element: Element) -> str:
    return f" (line {element.sourceline})" if element.sourceline else ""
