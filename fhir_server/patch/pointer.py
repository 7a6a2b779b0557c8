"""JSON Pointer: text to tokens, tokens to a place in a JSON value.

https://www.rfc-editor.org/rfc/rfc6901
"""

import re
from collections.abc import Sequence
from typing import Any

from fhir_server.patch.tree import Path

_POINTER = re.compile(r"(?:/(?:[^/~]|~[01])*)*", re.DOTALL)
# The place behind the last item.
_BEHIND = "-"
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class PointerError(ValueError):
    """The text is no pointer, or points at nothing; the message says why."""


def parse(text: str) -> tuple[str, ...]:
    """Give the tokens: `/a~1b/0` → `("a/b", "0")`; PointerError if the text is no pointer."""
    if not _POINTER.fullmatch(text):
        raise PointerError("a JSON Pointer is empty or starts with '/', and '~' is '~0'")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def existing(document: Any, tokens: Sequence[str]) -> Path:
    """Give the place the tokens name; PointerError if nothing is there."""
    path: list[str | int] = []
    for token in tokens:
        step = position(document, token)
        if isinstance(step, int) and step == len(document):
            raise PointerError(f"the array at {_shown(path)} has {len(document)} items")
        if isinstance(step, str) and step not in document:
            raise PointerError(f"there is no {token[:64]!r} at {_shown(path)}")
        document = document[step]
        path.append(step)
    return tuple(path)


def position(container: Any, token: str) -> str | int:
    """Give the key, or the position, up to the one behind the last; PointerError if none."""
    if isinstance(container, dict):
        return token
    if not isinstance(container, list):
        raise PointerError(f"{token[:64]!r} is asked of a value that is no object or array")
    if token == _BEHIND:
        return len(container)
    if not _INDEX.fullmatch(token):
        raise PointerError(f"{token[:64]!r} is no position in an array")
    index = int(token)
    if index > len(container):
        raise PointerError(f"the array has {len(container)} items, there is no place {index}")
    return index


def _shown(path: Sequence[str | int]) -> str:
    return "/" + "/".join(str(step) for step in path)
