"""From a table of named values to the inputs of a form, and from the form back to Parameters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.dossier.application import DOCUMENT, Row
from fhir_server.pages.fields import Fields

Json = dict[str, Any]
# How many of what may stand often a form has room for; more are sent by apps, or at the counter.
_ROOM: Mapping[str, int] = {"residence": 4, "identity-document": 2, "attachment": 0, "authority": 0}
# Over so many letters a text has several lines.
_LINE, _DIGITS = 300, 10
_KINDS: Mapping[str, str] = {
    "date": "date",
    "positiveInt": "number",
    "boolean": "checkbox",
    "Identifier": "paper",
    "Address": "address",
    "Period": "period",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One input: `kind` chooses its looks; `given` are the values it has, by part of its name."""

    name: str
    key: str
    kind: str
    codes: tuple[str, ...]
    required: bool
    longest: int
    given: Mapping[str, str]


def inputs(rows: Sequence[Row], form: Fields, choices: Mapping[str, Sequence[str]]) -> list[Input]:
    """Give the inputs of these rows, filled as the form was; `choices` are boxes to be ticked."""
    return [one for row in rows for one in _of(row, form, choices)]


def parameters(
    rows: Sequence[Row], form: Fields, choices: Mapping[str, Sequence[str]]
) -> list[Json]:
    """Give what was filled in as Parameters.parameter; what was left empty is left out."""
    found = []
    for row in rows:
        if row.name in choices:
            found += [_named(row, one) for one in form.all(row.name)]
            continue
        for name in _names(row):
            value = _value(row, name, form)
            if value not in ("", None):
                found.append(_named(row, value))
    return found


def _of(row: Row, form: Fields, choices: Mapping[str, Sequence[str]]) -> Iterator[Input]:
    if row.name in choices:
        ticked = dict.fromkeys(form.all(row.name), "on")
        yield Input(row.name, row.name, "boxes", tuple(choices[row.name]), False, 0, ticked)
        return
    for place, name in enumerate(_names(row)):
        kind = "codes" if row.codes and row.type == "code" else _KINDS.get(row.type, "text")
        if kind == "text" and row.longest > _LINE:
            kind = "words"
        parts = ("", ".type", ".number", ".text", ".start", ".end")
        given = {part: value for part in parts if (value := form.one(f"{name}{part}"))}
        needed = row.min > 0 and place == 0
        yield Input(name, row.name, kind, row.codes, needed, row.longest, given)


def _names(row: Row) -> list[str]:
    room = min(row.max, _ROOM.get(row.name, 1))
    return [row.name if place == 0 else f"{row.name}.{place + 1}" for place in range(room)]


def _named(row: Row, value: Any) -> Json:
    return {"name": row.name, row.property: value}


def _value(row: Row, name: str, form: Fields) -> Any:
    def part(suffix: str) -> str:
        return form.one(f"{name}{suffix}").strip()

    match row.type:
        case "boolean":
            return True if part("") else None
        case "positiveInt":
            text = part("")
            return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else text
        case "Identifier":
            return _paper(part(".type"), part(".number"))
        case "Address":
            return _dated({"text": part(".text")} if part(".text") else {}, part)
        case "Period":
            return (_dated({}, part) or {}).get("period")
        case _:
            return part("")


def _paper(type_: str, number: str) -> Json | None:
    coded = {"coding": [{"system": DOCUMENT, "code": type_}]}
    return {"type": coded, "value": number.replace(" ", "").upper()} if number else None


def _dated(told: Json, part: Callable[[str], str]) -> Json | None:
    period = {name: part(f".{name}") for name in ("start", "end") if part(f".{name}")}
    return {**told, "period": period} if period else told or None
