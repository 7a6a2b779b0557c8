"""A row of a table → the JSON of a source record, by `columns.json`."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from extensions.judicial_record.sources.problems import BadValueError, Problem
from fhir_server.fhir import json

Json = dict[str, Any]

_CODES = "http://fhir.hl7.org.vn/legal/CodeSystem/"
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_STEP = re.compile(r"([A-Za-z]+)(?:\[([*+])\])?")
_BOOLEANS = {"có": True, "x": True, "1": True, "không": False, "0": False}
# Digits as "1.500.000" or "1 500 000" have them.
_GROUPED = re.compile(r"\d{1,3}(?:[ .]\d{3})+|\d+", re.ASCII)


def record(row: Mapping[str, str]) -> tuple[Json, list[Problem]]:
    """Give the record a row tells, and what of it cannot be read; empty cells are left out.

    Without a column that says it, a row is a judgment.
    """
    told: Json = {}
    problems: list[Problem] = []
    for column, cell in row.items():
        rule = _columns().get(column)
        if rule is None:
            problems.append(Problem("unknown-column"))
        elif cell.strip():
            try:
                _put(told, rule, unicodedata.normalize("NFC", cell).strip())
            except BadValueError as error:
                problems.append(Problem(str(error), rule["path"]))
    return {"kind": "judgment", **told}, problems


def known(column: str) -> bool:
    """Say whether a table may have this column."""
    return column in _columns()


def _put(told: Json, rule: Json, cell: str) -> None:
    read = _READ[rule["as"]]
    if "[*]" not in rule["path"]:
        _set(told, rule["path"], read(cell, rule), 0)
        return
    for number, one in enumerate(cell.split(";")):
        if one.strip():
            _set(told, rule["path"], read(one.strip(), rule), number)


def _set(told: Json, path: str, value: Any, number: int) -> None:
    steps = list(_steps(path))
    here: Any = told
    for index, (name, kind) in enumerate(steps):
        last = index == len(steps) - 1
        if not kind:
            if last:
                here[name] = value
            else:
                here = here.setdefault(name, {})
            continue
        listed = here.setdefault(name, [])
        if last:
            listed.append(value)
            return
        while len(listed) <= number:
            listed.append({})
        here = listed[number]


def _steps(path: str) -> Iterator[tuple[str, str]]:
    for step in path.split("."):
        match = _STEP.fullmatch(step)
        assert match
        yield match[1], match[2] or ""


def _text(cell: str, _: Json) -> str:
    return cell


def _word(cell: str, rule: Json) -> str:
    try:
        return str(rule["words"][cell.casefold()])
    except KeyError:
        raise BadValueError("unknown-code" if rule["path"] != "kind" else "unknown-kind") from None


def _day(cell: str, _: Json) -> str:
    """Read 1/2/2019 as the first of February; what looks like no date is left to the checks."""
    match = _DATE.fullmatch(cell)
    return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}" if match else cell


def _integer(cell: str) -> int:
    if not _GROUPED.fullmatch(cell):
        raise BadValueError("wrong-type")
    return int(re.sub(r"\D", "", cell))


def _months(cell: str, _: Json) -> Json:
    unit = {"unit": "tháng", "system": "http://unitsofmeasure.org", "code": "mo"}
    return {"value": _integer(cell), **unit}


def _money(cell: str, _: Json) -> Json:
    return {"value": _integer(cell), "currency": "VND"}


def _boolean(cell: str, _: Json) -> bool:
    try:
        return _BOOLEANS[cell.casefold()]
    except KeyError:
        raise BadValueError("wrong-type") from None


def _coding(cell: str, rule: Json) -> Json:
    return {"coding": [{"system": _CODES + rule["system"], "code": cell}]}


def _concept(cell: str, _: Json) -> Json:
    return {"text": cell}


def _document(cell: str, rule: Json) -> Json:
    kind = {"system": f"{_CODES}identity-document-type", "code": rule["code"]}
    return {"type": {"coding": [kind]}, "number": cell}


def _court(cell: str, _: Json) -> Json:
    return {"display": cell}


_READ: Mapping[str, Callable[[str, Json], Any]] = {
    "text": _text,
    "word": _word,
    "date": _day,
    "months": _months,
    "money": _money,
    "boolean": _boolean,
    "coding": _coding,
    "concept": _concept,
    "document": _document,
    "court": _court,
}


@cache
def _columns() -> Mapping[str, Json]:
    told = json.parse_object(Path(__file__).with_name("columns.json").read_bytes())
    return {one["column"]: one for one in told["columns"]}
