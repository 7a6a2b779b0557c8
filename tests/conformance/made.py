"""Small resources made from a search parameter's expression, where no example has a value for it.

An element that has to be there beside the value gets the first its type allows.
"""

import json
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from tests.conformance.search_values import asked
from tests.oracle.definitions import (
    ABSTRACT,
    BY_URL,
    FOLDER,
    TYPES,
    Value,
    element_of,
    is_a,
    parameter,
)
from tests.oracle.path import evaluate, parse

CODES = json.loads((FOLDER / "codes.json").read_bytes())
SYSTEM = "http://example.org/made"
CODING = {"system": SYSTEM, "code": "made"}
QUANTITY = {"value": 2.5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
VALUES: dict[str, Any] = {
    "boolean": True,
    "integer": 3,
    "positiveInt": 3,
    "unsignedInt": 3,
    "decimal": 2.5,
    "string": "made",
    "markdown": "made",
    "code": "made",
    "id": "made",
    "uri": f"{SYSTEM}/uri",
    "url": f"{SYSTEM}/url",
    "canonical": f"{SYSTEM}/canonical",
    "oid": "urn:oid:2.999.1",
    "date": "2026-11-28",
    "dateTime": "2026-11-28T08:00:00+07:00",
    "instant": "2026-11-28T08:00:00+07:00",
    "base64Binary": "AAAA",
    "System.String": "made",
    "Address": {"text": "made", "city": "made", "state": "made", "country": "VN"},
    "CodeableConcept": {"coding": [CODING]},
    "Coding": CODING,
    "ContactPoint": {"system": "phone", "value": "0990000001"},
    "HumanName": {"text": "made", "family": "made", "given": ["made"]},
    "Identifier": {"system": SYSTEM, "value": "99001"},
    "Money": {"value": 2.5, "currency": "VND"},
    "Period": {"start": "2026-11-28", "end": "2026-11-29"},
    "Quantity": QUANTITY,
    "Range": {"low": QUANTITY},
    "Timing": {"event": ["2026-11-28"]},
    "Attachment": {"url": f"{SYSTEM}/attachment"},
    "Expression": {"language": "text/fhirpath", "expression": "true"},
}
NARRATIVE = {
    "status": "generated",
    "div": "<div xmlns='http://www.w3.org/1999/xhtml'>Made for reading</div>",
}
# Of the types a parameter's element may have, what it is taken to be.
PREFERRED = {
    "token": ("CodeableConcept", "Coding", "code", "boolean"),
    "string": ("string",),
    "reference": ("Reference", "canonical", "uri"),
    "date": ("dateTime", "date", "Period"),
    "quantity": ("Quantity",),
}


class ElsewhereError(Exception):
    """The expression is about another type, or its element is taken by another value."""


@dataclass(frozen=True)
class Step:
    """One element of a path: its name, the type and target it is to have, what stands beside."""

    name: str
    type: str = ""
    target: str = ""
    beside: dict[str, Any] = field(default_factory=dict)


def made(type_: str, codes: list[str]) -> list[dict[str, Any]]:
    """Give resources of the type that have, between them, a value for each of the parameters."""
    found: list[dict[str, Any]] = []
    for code in codes:
        for place, resource in enumerate([*found, {"resourceType": type_}]):
            grown = planted(code, resource)
            if grown is not None:
                found[place : place + 1] = [grown]
                break
        else:
            raise AssertionError(f"no resource can be made for {type_}.{code}")
    return [{**one, "id": f"made-{number}"} for number, one in enumerate(found, 1)]


def planted(code: str, resource: dict[str, Any]) -> dict[str, Any] | None:
    """Give the resource with a value for the parameter, None where it has no room for one."""
    type_ = resource["resourceType"]
    row = parameter(type_, code)
    if "expression" not in row:
        narrated = {"text": NARRATIVE} if element_of(type_, "text") else {}
        grown = {**deepcopy(resource), **narrated}
        complete(type_, grown)
        return grown
    for tree in alternatives(parse(row["expression"])):
        grown = deepcopy(resource)
        try:
            plant(type_, grown, path(tree, type_, row), row)
            for part in row.get("component", ()):
                of = BY_URL[part["definition"]]
                item = evaluate(row["expression"], grown)[-1]
                inner = alternatives(parse(part["expression"]))[0]
                if part["expression"].startswith("%resource."):
                    item = Value(type_, grown)
                plant(item.type, item.json, path(inner, type_, of), of)
        except ElsewhereError:
            continue
        complete(type_, grown)
        if asked(type_, code, grown):
            return grown
    return None


def alternatives(tree: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if tree[0] == "|":
        return [*alternatives(tree[1]), *alternatives(tree[2])]
    return [tree]


def path(tree: tuple[Any, ...], type_: str, row: dict[str, Any]) -> list[Step]:
    """Give the elements that lead to what the tree selects."""
    match tree:
        case ("name", None, "%resource"):
            return []
        case ("name", None, name) if name[0].isupper():
            if name not in (type_, *ABSTRACT):
                raise ElsewhereError
            return []
        case ("name", source, name):
            return [*(path(source, type_, row) if source else []), Step(name)]
        case (_, source, *rest):
            steps = path(source, type_, row)
            return steps if tree[0] in ("at", "and") else called(steps, tree, rest, row)
    raise NotImplementedError(tree)


def called(steps: list[Step], tree: Any, rest: list[Any], row: dict[str, Any]) -> list[Step]:
    """Give the steps so that what a function or `as` selects of them is there."""
    match (tree[0], *rest):
        case ("call", "exists", _):
            return steps
        case ("as", (_, _, name)) | ("call", "as" | "ofType", [(_, _, name)]):
            # R4 itself writes `DateTime` where it means `dateTime`.
            lower = name[0].lower() + name[1:]
            return narrowed(steps, type=name if name in TYPES else lower)
        case ("call", "extension", [(_, url)]):
            said = {"token": "Code", "string": "String", "reference": "Reference"}[row["type"]]
            is_reference = said == "Reference"
            value = reference(row.get("target", ["Condition"])[0]) if is_reference else "made"
            return [*steps, Step("extension", beside={"url": url, f"value{said}": value})]
        case ("call", "where", [condition]):
            return narrowed(steps, **met(condition))
    raise NotImplementedError(tree)


def narrowed(steps: list[Step], **how: Any) -> list[Step]:
    return [*steps[:-1], replace(steps[-1], **how)]


def met(condition: tuple[Any, ...]) -> dict[str, Any]:
    """Give what makes the condition of a `where` true."""
    match condition:
        case ("=", ("name", None, name), ("literal", value)):
            return {"beside": {name: value}}
        case ("is", ("call", None, "resolve", []), ("name", None, target)):
            return {"target": target}
        case ("call", None, "hasExtension", [("literal", url)]):
            return {"beside": {"extension": [{"url": url, "valueBoolean": True}]}}
    raise NotImplementedError(condition)


def plant(type_: str, node: dict[str, Any], steps: list[Step], row: dict[str, Any]) -> None:
    """Put the elements of a path into the node, lists longer by one."""
    for step in steps:
        element = element_of(type_, step.name)
        if element is None:
            raise ElsewhereError
        wanted = step.type or chosen(element, row)
        key = key_of(element, wanted)
        taken = {key_of(element, one) for one in element.get("types", {})} & node.keys()
        if taken - {key}:
            raise ElsewhereError
        content = content_of(type_, element, wanted)
        last = step is steps[-1]
        inner: Any = {}
        if last and row["type"] != "composite":
            inner = value_of(content, element, step.target or row.get("target", [""])[0])
        if isinstance(inner, dict):
            inner |= deepcopy(step.beside)
        inner = own(inner, row)
        if element.get("max") == "*":
            node.setdefault(key, []).append(inner)
        elif last:
            if node.setdefault(key, inner) != inner:
                raise ElsewhereError
        else:
            inner = node.setdefault(key, inner)
        type_, node = content, inner


def own(value: Any, row: dict[str, Any]) -> Any:
    """Give a value as this parameter alone has it."""
    return json.loads(json.dumps(value).replace("made", f"made-{row['code']}"))


def complete(type_: str, node: dict[str, Any]) -> None:
    """Put in what must be there, all the way down."""
    for element in TYPES[type_.partition(".")[0]].get("elements", {}).get(type_, ()):
        types = list(element.get("types", {"": []}))
        there = [one for one in types if key_of(element, one) in node]
        for one in there:
            inner = node[key_of(element, one)]
            for each in inner if isinstance(inner, list) else [inner]:
                if isinstance(each, dict) and "resourceType" not in each:
                    complete(content_of(type_, element, one), each)
        if not there and element.get("min"):
            value = value_of(content_of(type_, element, types[0]), element, "")
            node[key_of(element, types[0])] = [value] if element.get("max") == "*" else value
    if not node:
        # Nothing has to be there, but an object is never empty.
        node["id"] = "made"


def chosen(element: dict[str, Any], row: dict[str, Any]) -> str:
    types = list(element.get("types", {"": []}))
    return next((one for one in PREFERRED.get(row["type"], ()) if one in types), types[0])


def key_of(element: dict[str, Any], type_: str) -> str:
    return (
        element["name"] + type_[0].upper() + type_[1:] if element.get("choice") else element["name"]
    )


def content_of(type_: str, element: dict[str, Any], wanted: str) -> str:
    content = element.get("content") or wanted
    return f"{type_}.{element['name']}" if content in ("BackboneElement", "Element") else content


def value_of(content: str, element: dict[str, Any], target: str) -> Any:
    if content == "Reference":
        targets = element["types"]["Reference"]
        return reference(target if target in TYPES else targets[0] if targets else "Patient")
    if content == "code" and (codes := CODES.get(element.get("binding"))):
        # A draft is not put to use: of a SearchParameter the server would make an index.
        return "draft" if "draft" in codes else codes[0]
    if content == "Resource":
        inner = {"resourceType": target, "id": "made"}
        complete(target, inner)
        return inner
    if content in VALUES:
        return deepcopy(VALUES[content])
    if is_a(content, "Quantity"):
        return deepcopy(QUANTITY)
    inner: dict[str, Any] = {}
    complete(content, inner)
    return inner


def reference(target: str) -> dict[str, str]:
    return {"reference": f"{'Patient' if target == 'Resource' else target}/made"}
