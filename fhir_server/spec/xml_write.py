"""From a resource to FHIR XML: text, written as it goes.

https://hl7.org/fhir/R4/xml.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Raw

from fhir_server.fhir import xhtml
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.structures import Structures
from fhir_server.spec.xml_layout import FHIR, Form, Slot, is_concrete, layout
from fhir_server.spec.xml_misfit import Misfit

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_SPECIAL = re.compile('[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]')
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Line ends and tabs would be read back as spaces if they stood in an attribute as they are.
_ESCAPES = str.maketrans(
    {
        "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;",
        "\t": "&#9;", "\n": "&#10;", "\r": "&#13;",
    }
)  # fmt: skip


def written(structures: Structures, resource: Mapping[str, Any], *, pretty: bool) -> str:
    """Give the document, with its declaration; Misfit for what XML cannot carry."""
    writer = _Writer(structures)
    writer.resource(resource, "\n" if pretty else "", f' xmlns="{FHIR}"')
    return _DECLARATION + "".join(writer.out)


@dataclass(frozen=True, slots=True)
class _Writer:
    """`gap` is what stands before a tag: nothing, or a line end and the indentation."""

    structures: Structures
    out: list[str] = field(default_factory=list)

    def resource(self, value: Any, gap: str, namespace: str = "") -> None:
        type_ = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(type_, str) or not is_concrete(self.structures, type_):
            raise Misfit(f"resourceType {str(type_)[:64]!r} is no type known here")
        self.object(type_, type_, value, gap, namespace)

    def object(self, tag: str, content: str, value: Any, gap: str, attributes: str = "") -> None:
        """Write one element: attributes, then its elements in the order of the definition."""
        if not isinstance(value, dict):
            raise Misfit("an object is expected")
        at = layout(self.structures, content)
        for name in at.attributes:
            if name in value:
                attributes += f' {name}="{_text(value[name])}"'
        out = self.out
        out.append(f"{gap}<{tag}{attributes}>")
        start, inner = len(out), gap and gap + "  "
        try:
            keys = sorted(value, key=at.ranks.__getitem__)
        except KeyError as unknown:
            raise Misfit(f"{content} has no element {str(unknown.args[0])[:64]!r}") from None
        for key in keys:
            slot = at.slots[key]
            if key == slot.companion and slot.key in value:
                continue
            try:
                self.slot(slot, value.get(slot.key), value.get(slot.companion), inner)
            except Misfit as fault:
                fault.steps.append(f".{slot.name}")
                raise
        if len(out) == start:
            out[-1] = f"{out[-1][:-1]}/>"
        else:
            out.append(f"{gap}</{tag}>")

    def slot(self, slot: Slot, value: Any, companion: Any, gap: str) -> None:
        """Write one property: one element, or one for each item of an array."""
        if slot.form is Form.NAME or slot.form is Form.ATTRIBUTE:
            return
        if not slot.many:
            self.one(slot, value, companion, gap)
            return
        values = companion if value is None else value
        if not isinstance(values, list):
            raise Misfit("an array is expected")
        companions = companion or ()
        for index in range(len(values)):
            extra = companions[index] if index < len(companions) else None
            try:
                self.one(slot, None if value is None else value[index], extra, gap)
            except Misfit as fault:
                fault.steps.append(f"[{index}]")
                raise

    def one(self, slot: Slot, value: Any, companion: Any, gap: str) -> None:
        if slot.form is Form.VALUE:
            if value is None and companion is None:
                raise Misfit("neither a value nor an extension")
            attribute = "" if value is None else f' value="{_text(value)}"'
            if companion is None:
                self.out.append(f"{gap}<{slot.key}{attribute}/>")
            else:
                self.object(slot.key, "Element", companion, gap, attribute)
        elif slot.form is Form.OBJECT:
            self.object(slot.key, slot.content, value, gap)
        elif slot.form is Form.RESOURCE:
            self.out.append(f"{gap}<{slot.key}>")
            self.resource(value, gap and gap + "  ")
            self.out.append(f"{gap}</{slot.key}>")
        else:
            self.out.append(gap + _div(value))


def _text(value: Any) -> str:
    """Give a primitive as the text of an attribute."""
    if type(value) is str:
        return _escaped(value) if _SPECIAL.search(value) else value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is Raw:
        return bytes(value).decode("ascii")
    raise Misfit("a plain value is expected")


def _escaped(value: str) -> str:
    if forbidden := _FORBIDDEN.search(value):
        raise Misfit(f"XML cannot carry the character U+{ord(forbidden[0]):04X}")
    return value.translate(_ESCAPES)


def _div(value: Any) -> str:
    if not isinstance(value, str):
        raise Misfit("a string is expected")
    try:
        return xhtml.fragment(value)
    except Invalid as fault:
        raise Misfit(str(fault)) from None
