"""JSON Patch: operations on a JSON value, all or none.

https://www.rfc-editor.org/rfc/rfc6902
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import decimals
from fhir_server.fhir.errors import FhirError, Invalid, Unprocessable
from fhir_server.patch import pointer
from fhir_server.patch.pointer import PointerError
from fhir_server.patch.tree import MAX_OPERATIONS, Effort, at, edited

_SHORT = 120

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `source` is the place of `from`, `text` how it is called in an error."""

    op: str
    path: Tokens
    text: str
    source: Tokens = ()
    value: Any = None


def read(patch: Any) -> list[Operation]:
    """Give the operations of a parsed patch document; Invalid names the one that is none."""
    if not isinstance(patch, list):
        raise Invalid("A JSON Patch is an array of operations.", code="structure")
    if len(patch) > MAX_OPERATIONS:
        told = f"The patch has {len(patch)} operations; at most {MAX_OPERATIONS} are run."
        raise Invalid(told, code="too-costly")
    return [_operation(one, f"[{place}]") for place, one in enumerate(patch)]


def run(operations: Sequence[Operation], document: Any) -> Any:
    """Give the document as the operations leave it; it is not changed itself.

    Raises Unprocessable naming the operation that does not fit what it finds.
    """
    effort = Effort()
    for place, operation in enumerate(operations):
        try:
            document = _OPERATIONS[operation.op](document, operation, effort)
        except PointerError as error:
            raise _failed(place, operation, str(error)) from None
        except FhirError as error:
            code = error.issues[0].code
            raise _failed(place, operation, error.issues[0].diagnostics, code) from None
    return document


def _failed(place: int, operation: Operation, why: str, code: str | None = None) -> Unprocessable:
    told = f"Operation [{place}] ({operation.text}) does not fit: {why}"
    return Unprocessable(told, code=code, expression=f"[{place}]")


def _operation(given: Any, where: str) -> Operation:
    if not isinstance(given, dict):
        raise Invalid("An operation is an object.", code="structure", expression=where)
    op = given.get("op")
    if not isinstance(op, str) or op not in _OPERATIONS:
        told = f"An op is one of {', '.join(_OPERATIONS)}, not {str(op)[:32]!r}."
        raise Invalid(told, code="value", expression=f"{where}.op")
    path = _pointer(given, "path", where)
    source = _pointer(given, "from", where) if op in ("move", "copy") else ()
    if op in ("add", "replace", "test") and "value" not in given:
        told = f"The operation {op} needs a value."
        raise Invalid(told, code="required", expression=f"{where}.value")
    if op == "move" and source == path[: len(source)] and source != path:
        told = "A value cannot be moved into itself."
        raise Invalid(told, code="value", expression=f"{where}.path")
    return Operation(op, path, f"{op} {given['path'][:_SHORT]}", source, given.get("value"))


def _pointer(given: Mapping[str, Any], name: str, where: str) -> Tokens:
    text = given.get(name)
    if not isinstance(text, str):
        told = f"The operation {given['op']} needs a {name}, a JSON Pointer."
        raise Invalid(told, code="required", expression=f"{where}.{name}")
    try:
        return pointer.parse(text)
    except PointerError as error:
        told = f"{text[:_SHORT]!r} is no {name}: {error}."
        raise Invalid(told, code="value", expression=f"{where}.{name}") from None


def _put(document: Any, tokens: Tokens, value: Any, effort: Effort) -> Any:
    effort.place(value, len(tokens))
    if not tokens:
        return value
    parent = pointer.existing(document, tokens[:-1])
    step = pointer.position(at(document, parent), tokens[-1])

    def edit(container: Any) -> None:
        if isinstance(step, int):
            container.insert(step, value)
        else:
            container[step] = value

    return edited(document, parent, edit, effort)


def _taken(document: Any, tokens: Tokens, effort: Effort) -> Any:
    if not tokens:
        raise PointerError("the whole resource cannot be removed")
    *parent, step = pointer.existing(document, tokens)
    return edited(document, tuple(parent), lambda container: container.pop(step), effort)


def _add(document: Any, operation: Operation, effort: Effort) -> Any:
    return _put(document, operation.path, operation.value, effort)


def _remove(document: Any, operation: Operation, effort: Effort) -> Any:
    return _taken(document, operation.path, effort)


def _replace(document: Any, operation: Operation, effort: Effort) -> Any:
    effort.place(operation.value, len(operation.path))
    if not operation.path:
        return operation.value
    *parent, step = pointer.existing(document, operation.path)

    def edit(container: Any) -> None:
        container[step] = operation.value

    return edited(document, tuple(parent), edit, effort)


def _move(document: Any, operation: Operation, effort: Effort) -> Any:
    value = at(document, pointer.existing(document, operation.source))
    if operation.source == operation.path:
        return document
    rest = _taken(document, operation.source, effort)
    return _put(rest, operation.path, value, effort)


def _copy(document: Any, operation: Operation, effort: Effort) -> Any:
    value = at(document, pointer.existing(document, operation.source))
    return _put(document, operation.path, value, effort)


def _test(document: Any, operation: Operation, _effort: Effort) -> Any:
    found = at(document, pointer.existing(document, operation.path))
    if not same(found, operation.value):
        raise PointerError("the value there is not the value given")
    return document


# https://www.rfc-editor.org/rfc/rfc6902#section-4
_OPERATIONS: dict[str, Callable[[Any, Operation, Effort], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def same(left: Any, right: Any) -> bool:
    """Say whether two JSON values are equal; numbers are when their values are: 1 is 1.0.

    https://www.rfc-editor.org/rfc/rfc6902#section-4.6
    """
    if decimals.is_number(left) and decimals.is_number(right):
        return decimals.equal(left, right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        pairs = zip(left, right, strict=True)
        return len(left) == len(right) and all(same(one, other) for one, other in pairs)
    return bool(left == right)
