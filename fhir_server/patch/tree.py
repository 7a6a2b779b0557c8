"""Editing a JSON value without changing it, and what a patch may cost.

What is edited is copied, the rest is shared.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from fhir_server.fhir import json
from fhir_server.fhir.errors import Unprocessable

# Keys and positions, from the outside in: ("name", 0, "given").
Path: TypeAlias = tuple[str | int, ...]

# Operations of one patch, in any format.
MAX_OPERATIONS = 1_000
# Bytes one patch may move: copies of copies grow as fast as powers of two.
MAX_EFFORT = 64 * 1024 * 1024
_POINTER = 8
_CONTAINER = 64


class Effort:
    """What a patch has cost so far, in bytes copied or placed, or what takes as long."""

    def __init__(self) -> None:
        self._left = MAX_EFFORT

    def spend(self, size: int) -> None:
        """Count `size` bytes; raise Unprocessable when they are too many."""
        self._left -= size
        if self._left < 0:
            raise Unprocessable("The patch copies or looks at too much.", code="too-costly")

    def place(self, value: Any, depth: int) -> None:
        """Count a value that is put `depth` levels down; Unprocessable if that is too deep."""
        if isinstance(value, str):
            self.spend(len(value))
        elif isinstance(value, dict | list):
            body = json.dump(value)
            nested = body.count(b"{") + body.count(b"[")
            self.spend(len(body) + nested * _CONTAINER)
            deepest = json.MAX_DEPTH - depth
            if nested > deepest and (deepest < 1 or json.deeper_than(value, deepest)):
                told = f"The patch nests the resource deeper than {json.MAX_DEPTH} levels."
                raise Unprocessable(told, code="too-costly")


def at(value: Any, path: Path) -> Any:
    """Give what stands at a path that is there."""
    for step in path:
        value = value[step]
    return value


def edited(value: Any, path: Path, edit: Callable[[Any], object], effort: Effort) -> Any:
    """Give the value with the object or array at `path` copied and changed by `edit`."""
    effort.spend(len(value) * _POINTER)
    copy = value.copy()
    if path:
        copy[path[0]] = edited(value[path[0]], path[1:], edit, effort)
    else:
        edit(copy)
    return copy
