"""What to ask of a search parameter so that it finds a resource, read from that resource.

The values are taken with the oracle's FHIRPath, nothing of the server's own.
https://hl7.org/fhir/R4/search.html#ptypes
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.oracle.definitions import BY_URL, Value, children, parameter
from tests.oracle.path import evaluate

# The server and the oracle fold the first letters of a text only.
LETTERS = 200
LETTER = re.compile(r"[^\W_]")
BOGUS_REFERENCE = "no-such-resource"
BOGUS = {
    "string": "zzq no such text",
    "token": "no-such-code",
    "date": "1066-10-14",
    "number": "-98765.4321",
    "quantity": "-98765.4321|http://unitsofmeasure.org|mg",
    "uri": "http://example.org/no/such/uri",
    "special": "-89.5|179.5|1|m",
}
# Asked of the resource as a whole, and how they find nothing.
WHOLE = {
    "_id": "no-such-id",
    "_lastUpdated": "lt1990-01-01",
    "_filter": "_id eq no-such-id",
    "_text": "zzqnosuchword",
    "_content": "zzqnosuchword",
}
TAG = re.compile(r"<[^>]*>|&[^;]*;")
WORD = re.compile(r"\b[A-Za-z]{3,30}\b")
OPERATORS = ("and", "or", "not")


def asked(type_: str, code: str, resource: dict[str, Any]) -> tuple[str, str] | None:
    """Give (`code` or `code:modifier`, value) that finds this resource; None where none can."""
    if code in WHOLE:
        text = _of_the_whole(code, resource)
        return (code, text) if text else None
    row = parameter(type_, code)
    if row["type"] == "composite":
        return next(((code, text) for text in _pairs(row, resource)), None)
    found = [pair for value in evaluate(row["expression"], resource) for pair in _texts(row, value)]
    # A modifier only where nothing can be asked without one.
    return min(((f"{code}{modifier}", text) for modifier, text in found), key=_rank, default=None)


def _of_the_whole(code: str, resource: dict[str, Any]) -> str | None:
    if code in ("_text", "_content"):
        words = WORD.findall(TAG.sub(" ", resource.get("text", {}).get("div", "")))
        return next((word for word in words if word.lower() not in OPERATORS), None)
    identity = resource.get("id", "made")
    return {"_id": identity, "_lastUpdated": "ge1990-01-01", "_filter": f"_id eq {identity}"}[code]


def has(type_: str, code: str, resource: dict[str, Any]) -> bool:
    """Say whether the resource has anything the parameter is about."""
    if code in WHOLE:
        # Which of its texts a person reads is for the server to say.
        return code != "_text" or "text" in resource
    return bool(evaluate(parameter(type_, code)["expression"], resource))


def bogus(type_: str, code: str) -> str:
    """Give a value that no resource has."""
    if code in WHOLE:
        return WHOLE[code]
    row = parameter(type_, code)
    if row["type"] == "composite":
        return "$".join(_bogus(part) for part in _parts(row))
    return _bogus(row)


def _parts(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the parameters a composite is made of."""
    return [BY_URL[part["definition"]] for part in row["component"]]


def _bogus(row: dict[str, Any]) -> str:
    if row["type"] != "reference":
        return BOGUS[row["type"]]
    target = row.get("target", ["Patient"])[0]
    return f"{target}/{BOGUS_REFERENCE}"


def _rank(pair: tuple[str, str]) -> tuple[bool, bool]:
    """Prefer no modifier, then what names its system."""
    return ":" in pair[0], "|" not in pair[1]


def _pairs(row: dict[str, Any], resource: dict[str, Any]) -> Iterator[str]:
    """Yield `one$two` of each item of a composite that has both."""
    components = list(zip(_parts(row), row["component"], strict=True))
    for item in evaluate(row["expression"], resource):
        parts = []
        for of, part in components:
            values = evaluate(part["expression"], resource, item)
            found = [pair for value in values for pair in _texts(of, value)]
            parts.append([text for modifier, text in found if not modifier])
        if all(parts):
            yield "$".join(max(texts, key=lambda text: "|" in text) for texts in parts)


def _texts(row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    if value.type == "Extension":
        # R4 writes `Patient.extension('…')` and means what the extension says.
        for inner in children(value, "value"):
            yield from _texts(row, inner)
    else:
        yield from KINDS[row["type"]](row, value)


def _string(_row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    for text in _strings(value.json):
        start = text[:LETTERS]
        if LETTER.search(start):
            yield "", escaped(start)


def _strings(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict):
        names = ("text", "family", "given", "line", "city", "district", "state", "country")
        for name in names:
            inner = found.get(name, [])
            yield from inner if isinstance(inner, list) else [inner]


def _token(_row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    found = value.json
    if isinstance(found, bool):
        yield "", json.dumps(found)
    elif isinstance(found, str):
        yield "", escaped(found)
    elif value.type == "CodeableConcept":
        for coding in found.get("coding", []):
            yield from _coded(coding.get("system"), coding.get("code"))
    elif value.type == "ContactPoint":
        yield from _coded(None, found.get("value"))
    else:
        yield from _coded(found.get("system"), found.get("code") or found.get("value"))


def _coded(system: str | None, code: str | None) -> Iterator[tuple[str, str]]:
    if code:
        yield "", f"{escaped(system)}|{escaped(code)}" if system else escaped(code)


def _reference(row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    found = value.json
    if isinstance(found, str):
        # `source-uri` leaves the canonicals to `source`. One that is no URL names nothing outside.
        if ":" in found and not (value.type == "canonical" and row["code"].endswith("-uri")):
            yield "", escaped(found)
    elif "resourceType" in found:
        yield "", f"{found['resourceType']}/{found['id']}"
    elif not found.get("reference", "#").startswith("#"):
        yield "", escaped(found["reference"])
    elif "identifier" in found:
        inner = found["identifier"]
        for _, text in _coded(inner.get("system"), inner.get("value")):
            yield ":identifier", text


def _date(_row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    found = value.json
    if value.type in ("date", "dateTime", "instant"):
        yield "", found
    elif isinstance(found, str):
        # Such as `Immunization.occurrence`, in words.
        return
    elif "start" in found:
        yield "", f"ge{found['start']}"
    elif "end" in found:
        yield "", f"le{found['end']}"
    elif value.type == "Timing":
        for event in found.get("event", []):
            yield "", f"ge{event}"
        for bounds in children(Value("Timing.repeat", found.get("repeat", {})), "bounds"):
            if bounds.type == "Period":
                yield from _date(_row, bounds)


def _number(_row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    if isinstance(value.json, dict):
        yield from _range(value.json)
    else:
        yield "", str(value.json)


def _quantity(_row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    found = value.json
    if "low" in found or "high" in found:
        yield from _range(found)
    elif "currency" in found:
        yield "", f"{found['value']}|urn:iso:std:iso:4217|{found['currency']}"
    elif "value" in found:
        # What is said to be less than 5 is less than 5, and not 5.
        prefix = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}.get(found.get("comparator"), "")
        yield "", f"{prefix}{found['value']}{_unit(found)}"


def _range(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, prefix in (("low", "ge"), ("high", "le")):
        if name in found:
            yield "", f"{prefix}{found[name]['value']}{_unit(found[name])}"


def _unit(found: dict[str, Any]) -> str:
    if "system" in found and "code" in found:
        return f"|{escaped(found['system'])}|{escaped(found['code'])}"
    return f"||{escaped(found['unit'])}" if "unit" in found else ""


def _uri(_row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    yield "", escaped(value.json)


def _near(_row: dict[str, Any], value: Value) -> Iterator[tuple[str, str]]:
    yield "", f"{value.json['latitude']}|{value.json['longitude']}|1|km"


KINDS = {
    "string": _string,
    "token": _token,
    "reference": _reference,
    "date": _date,
    "number": _number,
    "quantity": _quantity,
    "uri": _uri,
    "special": _near,
}


def escaped(text: str) -> str:
    r"""Write a text so that none of its letters separates."""
    return re.sub(r"([\\,|$])", r"\\\1", text)
