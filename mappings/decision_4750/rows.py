"""The rows of one table, read and checked against its layout; an issue names table, row, field.

https://hl7.org/fhir/R4/valueset-issue-type.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from fhir_server.fhir.errors import Issue
from fhir_server.fhir.xml import Element
from mappings.decision_4750.tables import SHAPES, Field, Layout, layout
from mappings.decision_4750.values import split
from mappings.terms import codes

MAX_ROWS = 20_000
MAX_ELEMENTS = 200
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its place in the table from 1, its identity within it, and what is filled in."""

    place: int
    identity: str
    values: MappingProxyType[str, str]

    def __getitem__(self, name: str) -> str:
        """Give a field's text, empty where it is not filled in."""
        return self.values.get(name, "")

    def many(self, name: str) -> list[str]:
        """Give the values of a `;` list."""
        return split(self[name])


EMPTY = Row(0, "", MappingProxyType({}))


def read_rows(kind: str, root: Element, day: str) -> tuple[list[Row], list[Issue]]:
    """Read the table `kind` under its root element as it was laid out on `day`, yyyymmdd.

    Gives its rows and every issue found; rows with an error are given too, for further checks.
    """
    outer, listed, record = SHAPES[kind]
    if root.tag != outer:
        fault = f"The content of {kind} begins with {_short(str(root.tag))}; it must be {outer}."
        return [], [Issue("structure", fault, kind)]
    elements = [root] if not record else root.findall(f"{listed}/{record}")
    if len(elements) > MAX_ROWS:
        fault = f"{kind} has {len(elements)} rows; at most {MAX_ROWS} are read."
        return [], [Issue("too-costly", fault, kind)]
    asked = layout(kind, day)
    issues: list[Issue] = []
    found = []
    for place, element in enumerate(elements, 1):
        where = f"{kind}[{place}]" if record else kind
        values = _values(element, asked, where, issues)
        issues += _missing(values, asked, where)
        found.append(values)
    return _identified(found), issues


def _values(element: Element, asked: Layout, where: str, issues: list[Issue]) -> dict[str, str]:
    found: dict[str, str] = {}
    by_tag = asked.by_tag
    if len(element) > MAX_ELEMENTS:
        told = f"{where} has more than {MAX_ELEMENTS} elements."
        issues.append(Issue("too-costly", told, where))
    for child in islice(element, MAX_ELEMENTS):
        tag = child.tag
        field = by_tag.get(tag)
        if field is None:
            told = f"{where} has no field {_short(tag)}; it is kept in the raw document only."
            issues.append(Issue("structure", told, where, "warning"))
            continue
        text = (child.text or "").strip()
        if len(child):
            told = f"{where}.{field.name} must be text, not further elements."
            issues.append(Issue("structure", told, f"{where}.{field.name}"))
        elif not text:
            continue
        if field.name in found:
            told = f"{where}.{field.name} stands twice; send it once."
            issues.append(Issue("structure", told, f"{where}.{field.name}"))
        found[field.name] = text
        if len(text) > field.longest or field.codes or field.fault(text):
            issues += _faults(text, field, where)
    return found


def _faults(text: str, field: Field, where: str) -> Iterator[Issue]:
    place = f"{where}.{field.name}"
    if _length(text, field) > field.longest:
        told = f"{place} has {len(text)} characters; at most {field.longest} are allowed."
        yield Issue("too-long", told, place)
    if reason := field.fault(text):
        code = "code-invalid" if field.codes else "value"
        yield Issue(code, f"{place} is '{_short(text)}', {reason}.", place)
    elif field.codes and text not in codes.lists()[field.codes]:
        told = f"{place} is '{_short(text)}', a code not in the list of {field.codes}."
        yield Issue("code-invalid", told, place, "warning")


def _length(text: str, field: Field) -> int:
    # The decree counts a number's digits before the point; its decimals are fixed elsewhere.
    return len(text.lstrip("-").partition(".")[0]) if field.numeric else len(text)


def _missing(values: dict[str, str], asked: Layout, where: str) -> Iterator[Issue]:
    for field in asked.must:
        if field.name not in values:
            place = f"{where}.{field.name}"
            yield Issue("required", f"{place} is empty; fill it in ({field.meaning}).", place)
    for field in asked.wanted:
        if field.name not in values:
            place = f"{where}.{field.name}"
            yield Issue("required", f"{place} is empty; the portal asks for it.", place, "warning")


def _identified(found: Sequence[dict[str, str]]) -> list[Row]:
    numbers = [values.get("STT", "") for values in found]
    numbered = all(numbers) and len(set(numbers)) == len(numbers)
    return [
        Row(place, numbers[place - 1] if numbered else str(place), MappingProxyType(values))
        for place, values in enumerate(found, 1)
    ]


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
