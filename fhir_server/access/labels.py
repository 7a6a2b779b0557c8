"""Sensitivity labels: which a resource carries, said in it or told by its codes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from fhir_server.store.labels import CONFIDENTIAL, coding

# The codes of v3-ActCode for sensitive matters.
# http://terminology.hl7.org/ValueSet/v3-InformationSensitivityPolicy
SENSITIVE = frozenset({
    "ADOL", "BH", "CEL", "COGN", "DIA", "DRGIS", "DVD", "EMOTDIS", "EMP", "ETH", "ETHUD", "GDIS",
    "HIV", "LOCIS", "MARST", "MH", "MST", "OPIOIDUD", "PDS", "PHY", "PRS", "PSY", "PSYTHPN", "RACE",
    "REL", "SCA", "SDV", "SEX", "SICKLE", "SPI", "STD", "SUD", "TBOO", "VIO",
})  # fmt: skip
LABELS = SENSITIVE | CONFIDENTIAL

_LONGEST_RANGE, _LONGEST_CODE = 1_000, 16


@dataclass(frozen=True, slots=True)
class Table:
    """Which codes make a resource sensitive: system → code (or its beginning) → labels.

    `digest` changes with what it says.
    """

    by_system: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    digest: str = ""


NO_CODES = Table()


def table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Give the table of rows `{label, system, codes}`; ValueError names a row that says nothing.

    A code stands for itself and for what begins with it, as `F10` for `F10.2`; `A50-A64` for
    every code between, `*` for every code of the system.
    """
    found: dict[str, dict[str, frozenset[str]]] = {}
    for row in rows:
        if row["label"] not in LABELS:
            raise ValueError(f"{row['label']!r} is no sensitivity label known here")
        there = found.setdefault(row["system"], {})
        for text in row["codes"]:
            for code in _codes(text):
                there[code] = there.get(code, frozenset()) | {row["label"]}
    return Table(found, sha256(repr(rows).encode()).hexdigest()[:8] if rows else "")


def labels(resource: Mapping[str, Any], known: Table) -> list[str]:
    """Give the labels of a resource, sorted: those of `meta.security`, and those of its codes.

    A Bundle, and what is contained, gives its own to the whole.
    https://hl7.org/fhir/R4/security-labels.html
    """
    found: set[str] = set()
    level: list[Any] = [resource]
    while level:
        value = level.pop()
        if type(value) is list:
            inside = value
        else:
            if "system" in value and "code" in value:
                found.update(_of_coding(value, known))
            if "meta" in value:
                found.update(_said(value["meta"]))
            inside = value.values()
        for inner in inside:
            if type(inner) is dict or type(inner) is list:
                level.append(inner)  # noqa: PERF401 (a list for what is mostly none costs more)
    return sorted(found)


def _codes(text: str) -> Iterator[str]:
    low, dash, high = text.partition("-")
    if not dash:
        yield text
        return
    letter, first, last = low[:1], low[1:], high[1:]
    if high[:1] != letter or not (first.isdigit() and last.isdigit() and first <= last):
        raise ValueError(f"{text!r} is no range of codes such as A50-A64")
    if int(last) - int(first) > _LONGEST_RANGE:
        raise ValueError(f"{text!r} is too long a range")
    for number in range(int(first), int(last) + 1):
        yield f"{letter}{number:0{len(first)}d}"


def _said(meta: Any) -> Iterator[str]:
    security = meta.get("security") if isinstance(meta, dict) else None
    for one in security if isinstance(security, list) else ():
        label = one.get("code") if isinstance(one, dict) else None
        if label in LABELS and one.get("system") == coding(label)["system"]:
            yield label


def _of_coding(value: Mapping[str, Any], known: Table) -> Iterable[str]:
    """Give the labels of what is a Coding, or looks like one."""
    system, code = value["system"], value["code"]
    there = known.by_system.get(system) if isinstance(system, str) else None
    return _of_code(code, there) if there and isinstance(code, str) else ()


def _of_code(code: str, there: Mapping[str, frozenset[str]]) -> Iterator[str]:
    yield from there.get("*", ())
    for length in range(1, min(len(code), _LONGEST_CODE) + 1):
        yield from there.get(code[:length].upper(), ())
