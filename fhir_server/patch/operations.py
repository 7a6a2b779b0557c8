"""The operations of a FHIRPath Patch, read out of Parameters.

https://hl7.org/fhir/R4/fhirpatch.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.fhirpath.syntax import FhirPathError, Node
from fhir_server.patch import locate, value
from fhir_server.patch.tree import MAX_OPERATIONS
from fhir_server.patch.value import NOTHING, Value, ValueFault
from fhir_server.spec.structures import Structures

# Operation → the parts it needs beside type and path.
NEEDS = {
    "add": ("name", "value"),
    "insert": ("value", "index"),
    "delete": (),
    "replace": ("value",),
    "move": ("source", "destination"),
}
_TEXT = ("valueString", "valueCode", "valueId", "valueUri", "valueMarkdown")
_NUMBER = ("valueInteger", "valueUnsignedInt", "valuePositiveInt")
_FORMS = {
    "type": _TEXT,
    "path": _TEXT,
    "name": _TEXT,
    "index": _NUMBER,
    "source": _NUMBER,
    "destination": _NUMBER,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `where` is its place in the Parameters, `text` its type and path."""

    type: str
    path: Node
    where: str
    text: str
    name: str = ""
    value: Value = NOTHING
    index: int = 0
    source: int = 0
    destination: int = 0


def read(structures: Structures, parameters: Mapping[str, Any]) -> list[Operation]:
    """Give the operations of a Parameters resource; Invalid names the one that is none."""
    if parameters.get("resourceType") != "Parameters":
        told = "A FHIRPath Patch is a Parameters resource."
        raise Invalid(told, code="structure", expression="Parameters")
    given = parameters.get("parameter", [])
    if not isinstance(given, list):
        told = "parameter is an array of operations."
        raise Invalid(told, code="structure", expression="Parameters.parameter")
    if len(given) > MAX_OPERATIONS:
        told = f"The patch has {len(given)} operations; at most {MAX_OPERATIONS} are run."
        raise Invalid(told, code="too-costly", expression="Parameters.parameter")
    return [
        _operation(structures, one, f"Parameters.parameter[{place}]")
        for place, one in enumerate(given)
    ]


def _operation(structures: Structures, given: Any, where: str) -> Operation:
    if not isinstance(given, dict) or given.get("name") != "operation":
        told = "Each parameter of a FHIRPath Patch is named operation."
        raise Invalid(told, code="structure", expression=where)
    parts = _parts(structures, given.get("part"), where)
    type_, path = parts.pop("type", ""), parts.pop("path", "")
    if type_ not in NEEDS:
        told = f"A type is one of {', '.join(NEEDS)}, not {str(type_)[:32]!r}."
        raise Invalid(told, code="value", expression=where)
    missing = [name for name in NEEDS[type_] if name not in parts]
    if missing or not path:
        told = f"The operation {type_} needs the part {(*missing, 'path')[0]}."
        raise Invalid(told, code="required", expression=where)
    if beside := [name for name in parts if name not in NEEDS[type_]]:
        told = f"The operation {type_} has no part {beside[0]}."
        raise Invalid(told, code="value", expression=where)
    try:
        return Operation(type_, locate.read(path), where, f"{type_} {path[:120]}", **parts)
    except FhirPathError as error:
        told = f"The path cannot be used: {error}."
        raise Invalid(told, code="value", expression=where) from None


def _parts(structures: Structures, given: Any, where: str) -> dict[str, Any]:
    """Give the values of the parts by name."""
    found: dict[str, Any] = {}
    for place, one in enumerate(given if isinstance(given, list) else ()):
        here = f"{where}.part[{place}]"
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or name not in (*_FORMS, "value"):
            told = f"A part is one of value, {', '.join(_FORMS)}, not {str(name)[:32]!r}."
            raise Invalid(told, code="value", expression=here)
        if name in found:
            raise Invalid(f"The part {name} stands twice.", expression=here)
        if name == "value":
            try:
                found[name] = value.read(structures, one)
            except ValueFault as error:
                told = f"The value cannot be used: {error}."
                raise Invalid(told, code="value", expression=here) from None
        else:
            found[name] = _plain(one, name, here)
    return found


def _plain(part: Mapping[str, Any], name: str, where: str) -> Any:
    """Give the text or the number a part has to be."""
    forms = _FORMS[name]
    kind = str if forms is _TEXT else int
    for form in forms:
        if type(part.get(form)) is kind:
            return part[form]
    raise Invalid(f"The part {name} needs a {forms[0]}.", code="value", expression=where)
