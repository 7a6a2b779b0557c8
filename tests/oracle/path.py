"""FHIRPath as search parameters write it, evaluated step by step on plain JSON.

Names, types, `as`, `is`, `|`, `=`, `!=`, `and`, and the functions in FUNCTIONS; nothing else.
https://hl7.org/fhirpath/N1/ and https://hl7.org/fhir/R4/searchparameter.html
"""

import re
from functools import cache
from typing import Any

from tests.oracle.definitions import TYPES, Value, children, is_a

TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|(%?[A-Za-z_]\w*)|(\d+)|(!=|[|=().,$\[\]]))")
# From what binds least to what binds most.
LEVELS = (("and",), ("=", "!="), ("|",), ("as", "is"))


def evaluate(text: str, resource: dict[str, Any], focus: Value | None = None) -> list[Value]:
    """Give the values of an expression, from the resource or from one value in it."""
    start = focus or Value(resource["resourceType"], resource)
    return run(parse(text), [start], resource)


@cache
def parse(text: str) -> tuple[Any, ...]:
    """Give the tree: ("name", source, name), ("call", source, name, arguments), (operator, …)."""
    tokens = []
    place = 0
    text = text.strip()
    while place < len(text):
        match = TOKEN.match(text, place)
        assert match, text[place:]
        tokens.append(match[0].strip())
        place = match.end()
    tree = binary(tokens, 0)
    assert not tokens, tokens
    return tree


def binary(tokens: list[str], level: int) -> tuple[Any, ...]:
    if level == len(LEVELS):
        return term(tokens)
    tree = binary(tokens, level + 1)
    while tokens and tokens[0] in LEVELS[level]:
        operator = tokens.pop(0)
        tree = (operator, tree, binary(tokens, level + 1))
    return tree


def term(tokens: list[str]) -> tuple[Any, ...]:
    first = tokens.pop(0)
    if first == "(":
        tree = binary(tokens, 0)
        assert tokens.pop(0) == ")"
    elif first[0] == "'":
        tree = ("literal", first[1:-1])
    elif first in ("true", "false"):
        tree = ("literal", first == "true")
    else:
        tree = step(tokens, None, first)
    while tokens and tokens[0] in (".", "["):
        if tokens.pop(0) == "[":
            tree = ("at", tree, int(tokens.pop(0)))
            assert tokens.pop(0) == "]"
        else:
            tree = step(tokens, tree, tokens.pop(0))
    return tree


def step(tokens: list[str], source: Any, name: str) -> tuple[Any, ...]:
    if not tokens or tokens[0] != "(":
        return ("name", source, name)
    tokens.pop(0)
    arguments = []
    while tokens[0] != ")":
        arguments.append(binary(tokens, 0))
        if tokens[0] == ",":
            tokens.pop(0)
    tokens.pop(0)
    return ("call", source, name, arguments)


def run(tree: tuple[Any, ...], focus: list[Value], resource: Any) -> list[Value]:
    """Give what a tree comes to, where it stands on `focus`."""
    match tree:
        case ("literal", value):
            found = [Value("boolean" if isinstance(value, bool) else "string", value)]
        case ("name", None, "%resource"):
            found = [Value(resource["resourceType"], resource)]
        case ("name", None, name) if name[0].isupper():
            found = [value for value in focus if is_a(value.type, name)]
        case ("name", source, name):
            outer = focus if source is None else run(source, focus, resource)
            found = [inner for value in outer for inner in children(value, name)]
        case ("at", source, place):
            found = run(source, focus, resource)[place : place + 1]
        case ("call", source, name, arguments):
            outer = focus if source is None else run(source, focus, resource)
            found = FUNCTIONS[name](outer, arguments, resource)
        case (("as" | "is") as operator, left, right):
            found = FUNCTIONS[operator](run(left, focus, resource), [right], resource)
        case (operator, left, right):
            found = OPERATORS[operator](run(left, focus, resource), run(right, focus, resource))
    return found


def truth(*answer: bool) -> list[Value]:
    return [Value("boolean", one) for one in answer]


def true(found: list[Value]) -> bool:
    return [value.json for value in found] == [True]


def union(left: list[Value], right: list[Value]) -> list[Value]:
    return [*left, *(value for value in right if value not in left)]


def equal(left: list[Value], right: list[Value]) -> list[Value]:
    """Compare; what is empty on either side leaves the answer empty."""
    if not left or not right:
        return []
    pairs = zip(left, right, strict=False)
    same = all(type(a.json) is type(b.json) and a.json == b.json for a, b in pairs)
    return truth(len(left) == len(right) and same)


def unequal(left: list[Value], right: list[Value]) -> list[Value]:
    return truth(*(not value.json for value in equal(left, right)))


def both(left: list[Value], right: list[Value]) -> list[Value]:
    sides = [[value.json for value in side] for side in (left, right)]
    if [False] in sides:
        return truth(False)
    return truth(True) if sides == [[True], [True]] else []


OPERATORS = {"|": union, "=": equal, "!=": unequal, "and": both}


def where(found: list[Value], arguments: list[Any], resource: Any) -> list[Value]:
    return [value for value in found if true(run(arguments[0], [value], resource))]


def of_type(found: list[Value], arguments: list[Any], _resource: Any) -> list[Value]:
    """Keep the values of a type. R4 itself writes `DateTime` where it means `dateTime`."""
    name = arguments[0][2]
    wanted = name if name in TYPES else name[0].lower() + name[1:]
    assert wanted in TYPES, name
    return [value for value in found if is_a(value.type, wanted)]


def is_type(found: list[Value], arguments: list[Any], resource: Any) -> list[Value]:
    return truth(bool(of_type(found, arguments, resource))) if found else []


def exists(found: list[Value], _arguments: list[Any], _resource: Any) -> list[Value]:
    return truth(bool(found))


def extension(found: list[Value], arguments: list[Any], resource: Any) -> list[Value]:
    url = run(arguments[0], found, resource)[0].json
    inner = [one for value in found for one in children(value, "extension")]
    return [one for one in inner if one.json.get("url") == url]


def has_extension(found: list[Value], arguments: list[Any], resource: Any) -> list[Value]:
    return truth(bool(extension(found, arguments, resource)))


def resolve(found: list[Value], _arguments: list[Any], _resource: Any) -> list[Value]:
    """Give what references name, as far as its type goes: by the url, else by `type`."""
    named = []
    for value in found:
        parts = value.json.get("reference", "").partition("/_history/")[0].split("/")
        type_ = parts[-2] if len(parts) > 1 else value.json.get("type", "")
        if type_ in TYPES:
            named.append(Value(type_, {}))
    return named


FUNCTIONS = {
    "where": where,
    "as": of_type,
    "ofType": of_type,
    "is": is_type,
    "exists": exists,
    "extension": extension,
    "hasExtension": has_extension,
    "resolve": resolve,
}
