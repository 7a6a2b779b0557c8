"""JSON Schema of a resource type, made from its definition, for whoever checks JSON without FHIR.

What it says is what `structure` checks: elements, cardinality, JSON types, formats, required codes.
Rules in FHIRPath, other codes and what references lead to are beyond it; contained resources are
checked by name only, and a gap in an array of primitives without looking for what fills it.
https://json-schema.org/draft/2020-12/json-schema-core
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.spec.spec import Spec
from fhir_server.spec.structures import Element, Key
from fhir_server.validation.primitives import MAX_STRING, SHAPES

Json = dict[str, Any]
_OPEN = ("Resource", "DomainResource")
_BARE = ("System.String", "xhtml")
_NOT_CONTROL = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]*$"
_BLANK = r"[ \t\r\n]*"
_SIXTY_FOUR = rf"(?:[A-Za-z0-9+/]{_BLANK})"
_PADDED = rf"{_SIXTY_FOUR}{{2}}={_BLANK}=|{_SIXTY_FOUR}{{3}}="
_BASE64 = rf"{_BLANK}(?:{_SIXTY_FOUR}{{4}})*(?:{_SIXTY_FOUR}{{4}}|{_PADDED}){_BLANK}"
_END = r"(?![\s\S])"
_HIGH = 2**31 - 1
_STRING = {"type": "string", "minLength": 1, "maxLength": MAX_STRING, "pattern": _NOT_CONTROL}
_OTHERS: Mapping[str, Json] = {
    "base64Binary": {"type": "string", "pattern": f"^{_BASE64}{_END}"},
    "boolean": {"type": "boolean"},
    "decimal": {"type": "number"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": _HIGH},
    "positiveInt": {"type": "integer", "minimum": 1, "maximum": _HIGH},
    "unsignedInt": {"type": "integer", "minimum": 0, "maximum": _HIGH},
    "xhtml": {"type": "string", "pattern": "^<div"},
    "string": _STRING,
    "markdown": _STRING,
}


def json_schema(spec: Spec, type_: str) -> Json:
    """Give the JSON Schema (draft 2020-12) of a resource type; KeyError if there is none.

    The same definitions always give the same schema, its definitions sorted by name.
    """
    title, waiting, made = spec.types[type_].url, [type_], dict[str, Json]()
    while waiting:
        name = waiting.pop()
        if name not in made:
            made[name] = _definition(spec, name)
            waiting += _named(made[name])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": type_,
        "description": f"Made from {title}",
        "$ref": f"#/$defs/{type_}",
        "$defs": dict(sorted(made.items())),
    }


def _named(schema: Any) -> Iterator[str]:
    """Yield the definitions a schema refers to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for inner in schema.values():
            yield from _named(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _named(inner)


def _definition(spec: Spec, content: str) -> Json:
    if content in _OPEN:
        return {"type": "object", "required": ["resourceType"]}
    if spec.structures.primitive(content) or content == "System.String":
        return _primitive(content)
    keys = spec.structures.keys(content)
    properties = {name: one for key in keys.values() for name, one in _properties(spec, key)}
    if content in spec.types:
        properties["resourceType"] = {"const": content}
    rules = [{"required": ["resourceType"]}] if content in spec.types else []
    rules += _presence(keys)
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        **({"allOf": rules} if rules else {}),
    }


def _primitive(name: str) -> Json:
    if name in _OTHERS:
        return dict(_OTHERS[name])
    return {"type": "string", "pattern": f"^(?:{SHAPES[name]}){_END}"}


def _properties(spec: Spec, key: Key) -> Iterator[tuple[str, Json]]:
    """Yield the JSON property of an element, and its `_` companion if it is primitive."""
    if key.element.max == "0":
        return
    primitive = spec.structures.primitive(key.type) or key.type == "System.String"
    one = _one(spec, key)
    yield key.key, _many(key.element, one, null=primitive)
    if primitive and key.type not in _BARE:
        yield f"_{key.key}", _many(key.element, _ref("Element"), null=True)


def _one(spec: Spec, key: Key) -> Json:
    codes = spec.codes(key.element.required) if key.type == "code" else None
    return {"enum": sorted(codes)} if codes else _ref(key.content)


def _many(element: Element, one: Json, *, null: bool) -> Json:
    """Give the schema of as many as the element may have; a primitive's array has gaps."""
    if element.max == "1":
        return one
    array = {
        "type": "array",
        "minItems": 1,
        "items": {"anyOf": [one, {"type": "null"}]} if null else one,
    }
    return array if element.max == "*" else {**array, "maxItems": int(element.max)}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _presence(keys: Mapping[str, Key]) -> Iterator[Json]:
    """Yield what has to be there, and for a choice that no two of its alternatives are."""
    ways: dict[str, list[Json]] = {}
    elements: dict[str, Element] = {}
    for key in keys.values():
        elements[key.element.name] = key.element
        ways.setdefault(key.element.name, []).append(_given(key))
    for name, element in elements.items():
        if element.choice:
            none = [] if element.min else [{"not": {"anyOf": ways[name]}}]
            yield {"oneOf": [*ways[name], *none]}
        elif element.min:
            yield ways[name][0]


def _given(key: Key) -> Json:
    """Say that a property is there: a primitive may be its extensions alone."""
    plain = {"required": [key.key]}
    if key.type[:1].islower() and key.type not in _BARE:
        return {"anyOf": [plain, {"required": [f"_{key.key}"]}]}
    return plain
