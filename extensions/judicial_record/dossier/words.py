"""The few named values an operation on a dossier takes: known, of their type, sound."""

from collections.abc import Mapping, Sequence
from typing import Any

from extensions.judicial_record.dossier.application import Row
from extensions.judicial_record.dossier.values import faults, normal
from fhir_server.fhir.errors import Issue, Unprocessable

Json = dict[str, Any]
Words = Mapping[str, Row]


def word(name: str, type_: str, least: int = 0, most: int = 1, **more: Any) -> Row:
    """Give a row: its name, FHIR type, how often it stands; `more` are other fields of Row."""
    return Row(name, type_, "", least, most, **more)


def words(given: Json, known: Sequence[Row], today: str) -> dict[str, list[Any]]:
    """Give the values by name, text in NFC; each known name has a list.

    Raises Unprocessable with every issue, each with its location and what to do.
    """
    rows = {one.name: one for one in known}
    found: dict[str, list[Any]] = {name: [] for name in rows}
    issues: list[Issue] = []
    for place, one in enumerate(given.get("parameter", ())):
        where = f"Parameters.parameter[{place}]"
        row = rows.get(one.get("name", ""))
        if row is None or row.property not in one:
            told = ", ".join(f"{one.name} ({one.property})" for one in known) or "nothing"
            issues.append(Issue("not-supported", f"Send no other values than: {told}.", where))
            continue
        value = normal(one[row.property])
        issues += [
            Issue(code, f"{row.name}: {text}", f"{where}.{row.property}{below}")
            for below, code, text in faults(row, value, today)
        ]
        found[row.name].append(value)
    for name, row in rows.items():
        if not row.min <= len(found[name]) <= row.max:
            told = f"{name} stands {row.min} to {row.max} times, not {len(found[name])}."
            where = f"Parameters.parameter.where(name='{name}')"
            issues.append(Issue("required", told, where))
    if issues:
        raise Unprocessable(issues=issues)
    return found
