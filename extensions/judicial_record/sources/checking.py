"""Is a row fit to be kept? What it has to say, the order of its dates, the court it is of."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from extensions.judicial_record.sources.courts import Courts
from extensions.judicial_record.sources.identity import numbers
from extensions.judicial_record.sources.problems import Problem
from extensions.judicial_record.sources.shape import problems as misshapen

Json = dict[str, Any]

# By kind: its parts, each with the element of the certificate it is made like.
PARTS: Mapping[str, Mapping[str, str]] = {
    "judgment": {"subject": "subjectSnapshot", "conviction": "conviction"},
    "prohibition": {"subject": "subjectSnapshot", "prohibition": "prohibition"},
    "paper": {
        "subject": "subjectSnapshot",
        "judgment": "conviction",
        "paper": "conviction.executionDecision",
    },
}
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "judgment": (
        "subject.name", "conviction.judgmentNumber", "conviction.judgmentDate",
        "conviction.court", "conviction.offence", "conviction.principalPenalty",
    ),
    "prohibition": (
        "subject.name", "prohibition.decisionNumber", "prohibition.decisionDate",
        "prohibition.court", "prohibition.position",
    ),
    "paper": (
        "subject.name", "judgment.judgmentNumber", "judgment.judgmentDate", "judgment.court",
        "paper.kind", "paper.date",
    ),
}  # fmt: skip
# What a complete record has beside that: told in the report, no reason to refuse.
_WANTED: Mapping[str, tuple[str, ...]] = {
    "judgment": (
        "subject.birthDate", "subject.identityDocument", "subject.gender",
        "conviction.executionStatus", "conviction.completed",
    ),
    "prohibition": (
        "subject.birthDate", "subject.identityDocument", "prohibition.from", "prohibition.duration",
    ),
    "paper": ("subject.birthDate", "subject.identityDocument", "paper.number", "paper.issuer"),
}  # fmt: skip
# Each of these is not before the one it stands beside.
_ORDER = (
    ("subject.birthDate", "conviction.judgmentDate"),
    ("conviction.judgmentDate", "conviction.completed"),
    ("conviction.servingFrom", "conviction.completed"),
    ("conviction.judgmentDate", "conviction.expungement.date"),
    ("subject.birthDate", "prohibition.decisionDate"),
    ("prohibition.from", "prohibition.until"),
    ("judgment.judgmentDate", "paper.date"),
)
# A term may end after today, and a decision take effect then.
_MAY_BE_AHEAD = (".until", ".effective")
# Penal Code 2015, Art. 12.
_LIABLE = 14
_MADE = {
    "so-dinh-danh": r"\d{12}",
    "cccd": r"\d{12}",
    "can-cuoc": r"\d{12}",
    "giay-chung-nhan-can-cuoc": r"\d{12}",
    "cmnd": r"\d{9}|\d{12}",
    "passport": r"[A-Z0-9]{6,12}",
}
_DATES = frozenset(
    ("birthDate", "judgmentDate", "servingFrom", "completed", "date", "effective", "verifiedOn",
     "decisionDate", "from", "until", "issued")
)  # fmt: skip


def normal(value: Any) -> Any:
    """Give JSON with its texts in Unicode's form NFC and its members by name."""
    if isinstance(value, dict):
        return {normal(name): normal(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [normal(one) for one in value]
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else value


def problems(told: Json, courts: Courts, today: date) -> list[Problem]:
    """Give what keeps a row from being kept. A court that is known is put in as its reference."""
    kind = told.get("kind")
    if not isinstance(kind, str) or kind not in PARTS:
        return [Problem("unknown-kind", "kind")]
    parts = PARTS[kind]
    found = [Problem("unknown-element", "row") for name in told if name not in {"kind", *parts}]
    for name, part in parts.items():
        found += misshapen(part, told.get(name, {}), name)
    # What is not even well made would only be told twice.
    return found or [
        *(Problem("missing", path) for path in _NEEDED[kind] if not list(at(told, path))),
        *_identity(told.get("subject", {})),
        *_dates(told, today),
        *_courts(told, courts),
    ]


def lacking(told: Json) -> Iterator[str]:
    """Give the paths a record that is kept should have, and has not."""
    return (path for path in _WANTED[told["kind"]] if not list(at(told, path)))


def at(told: Any, path: str) -> Iterator[Any]:
    """Give what stands at a dotted path, in each of a list's members."""
    name, _, rest = path.partition(".")
    value = told.get(name) if isinstance(told, dict) else None
    for one in value if isinstance(value, list) else [] if value is None else [value]:
        if rest:
            yield from at(one, rest)
        else:
            yield one


def _identity(subject: Json) -> Iterator[Problem]:
    if not subject.get("birthDate") and not numbers(subject):
        yield Problem("missing", "subject.birthDate")
    for number, paper in enumerate(subject.get("identityDocument", ())):
        where = f"subject.identityDocument[{number}].number"
        codes = list(at(paper, "type.coding.code"))
        text = "".join(paper.get("number", "").split()).upper()
        if not codes or not re.fullmatch(_MADE[codes[0]], text, re.ASCII):
            yield Problem("wrong-number", where)


def _dates(told: Json, today: date) -> Iterator[Problem]:
    for where, text in _walk(told, ""):
        if not where.endswith(_MAY_BE_AHEAD) and text > today.isoformat()[: len(text)]:
            yield Problem("future-date", where)
    for earlier, later in (
        *_ORDER,
        ("conviction.judgmentDate", "conviction.executionDecision.date"),
    ):
        for one in at(told, earlier):
            if any(other[: len(one)] < one[: len(other)] for other in at(told, later)):
                yield Problem("wrong-order", later)
    births = list(at(told, "subject.birthDate"))
    for day in at(told, "conviction.judgmentDate"):
        if births and births[0] <= day[: len(births[0])] and _whole_years(births[0], day) < _LIABLE:
            yield Problem("too-young", "conviction.judgmentDate")


def _whole_years(birth: str, day: str) -> int:
    """Give the most years there can be: where the year of birth is all, from its first day."""
    return int(day[:4]) - int(birth[:4]) - (birth[4:] > day[4 : len(birth)])


def _walk(value: Any, where: str) -> Iterator[tuple[str, str]]:
    """Give every date and where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _walk(inner, f"{where}.{name}" if where else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _walk(inner, f"{where}[{number}]")
    elif isinstance(value, str) and where.rpartition(".")[2] in _DATES:
        yield where, value


def _courts(told: Json, courts: Courts) -> Iterator[Problem]:
    for part in ("conviction", "prohibition", "judgment"):
        held = told.get(part, {})
        if "court" in held:
            code = courts.code(held["court"])
            if code is None:
                yield Problem("unknown-court", f"{part}.court")
            else:
                held["court"] = courts.reference(code)
