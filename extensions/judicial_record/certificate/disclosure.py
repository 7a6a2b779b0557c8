"""Disclosure: the part of a record a form may show, copied by the table `disclosure.json`.

A kept element is copied word for word in Unicode's form NFC; what the table does not name is left
out, and so are ids and extensions of what it does (an address keeps the codes of its places).
"""

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fhir_server.fhir.errors import Unprocessable

Json = dict[str, Any]
TABLE: Mapping[str, Any] = json.loads(Path(__file__).with_name("disclosure.json").read_bytes())
_EMPTY: tuple[Any, ...] = ({}, [], "", None)
_APART = frozenset(["id", "extension", "modifierExtension"])


def shown(value: Any, kept: Any, place: str) -> Any:
    """Give of a value what `kept` names: a word for a whole value, else a table of its elements.

    Raises Unprocessable at `place` for a number that is not a whole one (jrc-15).
    """
    if isinstance(value, list):
        parts = (shown(one, kept, f"{place}[{at}]") for at, one in enumerate(value))
        return [part for part in parts if part not in _EMPTY]
    if isinstance(kept, str):
        return _whole(value, kept, place)
    if not isinstance(value, dict):
        raise Unprocessable("Here an object is expected.", expression=place, code="structure")
    found = (
        (name, shown(value[name], inner, f"{place}.{name}"))
        for name, inner in kept.items()
        if name in value
    )
    return {name: part for name, part in found if part not in _EMPTY}


def _whole(value: Any, how: str, place: str) -> Any:
    match value:
        case str():
            text = unicodedata.normalize("NFC", value)
            return text.upper() if how == "capitals" else text
        case bool() | None:
            return value
        case int() if value >= 0:
            return value
        case dict():
            return {
                name: _whole(inner, how, f"{place}.{name}")
                for name, inner in value.items()
                if not _apart(name, how)
            }
        case list():
            return [_whole(one, how, f"{place}[{at}]") for at, one in enumerate(value)]
        case _:
            pass
    raise Unprocessable(
        "jrc-15: amounts and lengths are whole numbers; correct the source.",
        expression=place,
        code="invariant",
    )


def _apart(name: str, how: str) -> bool:
    if how == "address":
        return name == "id"
    return name in _APART or name.startswith("_")


def order(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give what records are sorted by: the judgment's date, its number, then all of it."""
    told = {name: value for name, value in record.items() if name not in ("id", "subject")}
    whole = json.dumps(told, ensure_ascii=False, sort_keys=True, default=repr)
    return str(record.get("judgmentDate", "")), str(record.get("judgmentNumber", "")), whole
