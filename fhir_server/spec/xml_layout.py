"""Where each JSON property of a type stands in XML: the table both directions of the codec read.

https://hl7.org/fhir/R4/xml.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from fhir_server.fhir.xhtml import DIV
from fhir_server.spec.structures import Key, Structures

FHIR = "http://hl7.org/fhir"


class Form(Enum):
    """How a property is written in XML."""

    NAME = auto()  # resourceType: the name of the element itself
    ATTRIBUTE = auto()  # id and url
    VALUE = auto()  # a primitive: an element with a value attribute
    DIV = auto()  # the narrative, in its own namespace
    OBJECT = auto()  # an element with elements
    RESOURCE = auto()  # an element around a resource


@dataclass(frozen=True, slots=True)
class Slot:
    """One property: `companion` is the JSON property with a primitive's id and extensions."""

    key: str
    companion: str
    name: str
    rank: int
    form: Form
    type: str
    content: str
    many: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """One type, or an element defined in place.

    `slots` are by JSON property (a primitive's also by its companion), `ranks` their order,
    `tags` by element in lxml's notation, `attributes` the names of those it may have.
    """

    slots: Mapping[str, Slot]
    ranks: Mapping[str, int]
    tags: Mapping[str, Slot]
    attributes: tuple[str, ...]


@lru_cache(maxsize=8192)
def layout(structures: Structures, content: str) -> Layout:
    """Give the layout of a type (`Patient`) or of an element in place (`Patient.contact`)."""
    order = {element.name: rank for rank, element in enumerate(structures.elements(content))}
    found = [
        _slot(structures, key, order[key.element.name]) for key in structures.keys(content).values()
    ]
    if is_resource(structures, content):
        found.append(Slot("resourceType", "", "resourceType", -1, Form.NAME, "", "", many=False))
    slots = {slot.key: slot for slot in found}
    slots |= {slot.companion: slot for slot in found if slot.form is Form.VALUE}
    return Layout(
        slots=slots,
        ranks={key: slot.rank for key, slot in slots.items()},
        tags={_tag(slot): slot for slot in found if slot.form not in (Form.NAME, Form.ATTRIBUTE)},
        attributes=tuple(slot.key for slot in found if slot.form is Form.ATTRIBUTE),
    )


def is_resource(structures: Structures, type_: str) -> bool:
    """Say whether this is the name of a resource type, abstract or not."""
    found = structures.by_name.get(type_)
    return found is not None and found.kind == "resource"


def is_concrete(structures: Structures, type_: str) -> bool:
    """Say whether there can be a resource of this type."""
    return is_resource(structures, type_) and not structures.by_name[type_].abstract


def _slot(structures: Structures, key: Key, rank: int) -> Slot:
    return Slot(
        key=key.key,
        companion=f"_{key.key}",
        name=key.element.name,
        rank=rank,
        form=_form(structures, key),
        type=key.type,
        content=key.content,
        many=key.element.max != "1",
    )


def _form(structures: Structures, key: Key) -> Form:
    if key.type == "System.String":
        return Form.ATTRIBUTE
    if key.type == "xhtml":
        return Form.DIV
    if structures.primitive(key.type):
        return Form.VALUE
    return Form.RESOURCE if is_resource(structures, key.content) else Form.OBJECT


def _tag(slot: Slot) -> str:
    return DIV if slot.form is Form.DIV else f"{{{FHIR}}}{slot.key}"
