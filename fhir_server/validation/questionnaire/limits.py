"""Limits: what extensions of a question, and its maxLength, ask of each answer.

https://hl7.org/fhir/R4/questionnaire-profiles.html#extensions
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from fhir_server.fhir import decimals
from fhir_server.fhir.reference import parse
from fhir_server.fhirpath.language import regex
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.validation.findings import Findings, Visit, error, warning
from fhir_server.validation.questionnaire.form import Item, extensions
from fhir_server.validation.questionnaire.values import number, ordered, told

# (type of the answer, its value, values of the extension: at least one, visit) → findings
Limit: TypeAlias = Callable[[str, Any, Sequence[Any], Visit], Findings]

# Steps a regular expression may take with one answer.
_STEPS = 1_000_000

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"


def limit_findings(item: Item, type_: str, value: Any, visit: Visit) -> Iterator[Findings]:
    """Give what is wrong with the value of one answer to a question."""
    for url, (limit, types, kinds) in LIMITS.items():
        if (not types or type_ in types) and (
            wanted := extensions(item, url, *(kinds or (type_,)))
        ):
            yield limit(type_, value, wanted, visit)
    longest = item.get("maxLength")
    if longest is not None and isinstance(value, str) and len(value) > longest:
        yield error("too-long", f"the answer has {len(value)} letters; at most {longest} may be")


def _least(type_: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    here, least = ordered(type_, value), ordered(type_, wanted[0])
    if here is None or type(here) is not type(least) or _start(here) >= _start(least):
        return []
    return error("value", f"{told(value)} is less than the minimum, {told(wanted[0])}")


def _most(type_: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    here, most = ordered(type_, value), ordered(type_, wanted[0])
    if here is None or type(here) is not type(most) or _end(here) <= _end(most):
        return []
    return error("value", f"{told(value)} is greater than the maximum, {told(wanted[0])}")


def _start(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


def _end(value: Any) -> Any:
    return value[1] if isinstance(value, tuple) else value


def _least_quantity(_type: str, value: Any, wanted: Sequence[Any], visit: Visit) -> Findings:
    return _measured(value, wanted[0], visit, least=True)


def _most_quantity(_type: str, value: Any, wanted: Sequence[Any], visit: Visit) -> Findings:
    return _measured(value, wanted[0], visit, least=False)


def _measured(value: Any, wanted: Any, visit: Visit, *, least: bool) -> Findings:
    here, limit = _canonical(value, visit), _canonical(wanted, visit)
    name = "minimum" if least else "maximum"
    if here is None or limit is None or here[1] != limit[1]:
        return error("value", f"{told(value)} cannot be compared with the {name}, {told(wanted)}")
    if here[0] >= limit[0] if least else here[0] <= limit[0]:
        return []
    return error("value", f"{told(value)} is beyond the {name}, {told(wanted)}")


def _canonical(quantity: Mapping[str, Any], visit: Visit) -> tuple[Decimal, str] | None:
    """Give a quantity in base units; one without a code in UCUM cannot be compared."""
    value, code = number(quantity.get("value")), quantity.get("code")
    if value is None or code is None or quantity.get("system") != "http://unitsofmeasure.org":
        return None
    return visit.definitions.canonical(value, code)


def _shortest(_type: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    if len(value) >= wanted[0]:
        return []
    return error("value", f"the answer has {len(value)} letters; at least {wanted[0]} must be")


def _shaped(_type: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    left = _STEPS

    def spend(steps: int) -> None:
        nonlocal left
        left -= steps
        if left < 0:
            raise FhirPathError("the expression takes too long")

    try:
        if regex.compiled(f"^(?:{wanted[0]})$").matches(value, spend):
            return []
    except FhirPathError as fault:
        return warning("not-supported", f"the form of the answer was not checked: {fault}")
    return error("value", f"{told(value)} has not the form {told(wanted[0])}")


def _places(_type: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    places = len(decimals.text(value).lower().partition("e")[0].partition(".")[2])
    if places <= wanted[0]:
        return []
    return error("value", f"{told(value)} has {places} decimal places; at most {wanted[0]} may be")


def _size(_type: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    size, most = value.get("size"), number(wanted[0])
    if size is None or most is None or size <= most:
        return []
    return error("too-long", f"the attachment has {size} bytes; at most {told(wanted[0])} may be")


def _mime(_type: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    given = value.get("contentType")
    if given is None or given in wanted:
        return []
    return error("value", f"an attachment of type {told(given)} is not asked: {_listed(wanted)}")


def _resource(_type: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    given = value.get("type") or parse(value.get("reference", "")).type
    if not given or given in wanted:
        return []
    return error("value", f"a reference to {told(given)} is not asked: {_listed(wanted)}")


def _unit(_type: str, value: Any, wanted: Sequence[Any], _visit: Visit) -> Findings:
    unit = (value.get("system"), value.get("code"))
    if unit in [(one.get("system"), one.get("code")) for one in wanted]:
        return []
    return error("code-invalid", f"the unit of {told(value)} is not offered: {_listed(wanted)}")


def _unit_of_set(_type: str, value: Any, wanted: Sequence[Any], visit: Visit) -> Findings:
    system, code = value.get("system", ""), value.get("code", "")
    if code and visit.member(wanted[0], system, code) is not False:
        return []
    return error("code-invalid", f"the unit of {told(value)} is not in {told(wanted[0])}")


def _listed(wanted: Sequence[Any]) -> str:
    return ", ".join(map(told, wanted[:10]))


# url → the limit, the types of answers it is for, and the types of its own value; () for any, and
# for that of the answer.
LIMITS: Mapping[str, tuple[Limit, tuple[str, ...], tuple[str, ...]]] = {
    _CORE + "minValue": (_least, (), ()),
    _CORE + "maxValue": (_most, (), ()),
    _CORE + "minLength": (_shortest, ("String", "Uri"), ("Integer",)),
    _CORE + "regex": (_shaped, ("String", "Uri"), ("String",)),
    _CORE + "maxDecimalPlaces": (_places, ("Decimal",), ("Integer",)),
    _CORE + "maxSize": (_size, ("Attachment",), ("Decimal",)),
    _CORE + "mimeType": (_mime, ("Attachment",), ("Code",)),
    _CORE + "questionnaire-referenceResource": (_resource, ("Reference",), ("Code",)),
    _CORE + "questionnaire-unitOption": (_unit, ("Quantity",), ("Coding",)),
    _CORE + "questionnaire-unitValueSet": (_unit_of_set, ("Quantity",), ("Canonical",)),
    _SDC + "minQuantity": (_least_quantity, ("Quantity",), ("Quantity",)),
    _SDC + "maxQuantity": (_most_quantity, ("Quantity",), ("Quantity",)),
}
