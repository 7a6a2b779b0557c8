"""Is one value of an application sound: characters, dates that can be, codes that are known."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Protocol

from extensions.judicial_record.paper import letters
from fhir_server.fhir.dates import date_range
from fhir_server.fhir.errors import Invalid

# (location below the value, issue code, what is wrong and what to do)
Fault = tuple[str, str, str]
MAX_ATTACHMENT = 5 * 1024 * 1024
_BASE64 = 4 / 3
_MEDIA = ("application/pdf", "image/jpeg", "image/png")
_EARLIEST = "1900-01-01"
_DAY = len("2026-01-01")
_FIRST_YEAR = 1850

_NUMBER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9./_-]{0,62}[A-Za-z0-9])?", re.ASCII)
_PAPER = re.compile(r"[A-Z0-9]{6,20}", re.ASCII)
_CITIZEN = re.compile(r"[0-9]{12}", re.ASCII)
_PHONE = re.compile(r"\+?[0-9]{8,15}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


class Field(Protocol):
    """What the table says of a field."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Give the codes it may hold."""

    @property
    def check(self) -> str:
        """Give the name of a further check."""

    @property
    def longest(self) -> int:
        """Give how many letters a text may have."""

    @property
    def largest(self) -> int:
        """Give the largest number."""

    @property
    def type(self) -> str:
        """Give the FHIR type."""


def normal(value: Any) -> Any:
    """Give the value with every text in NFC: the same name is the same bytes, however typed.

    https://www.unicode.org/reports/tr15/
    """
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value).strip()
    if isinstance(value, dict):
        return {name: normal(one) for name, one in value.items()}
    return [normal(one) for one in value] if isinstance(value, list) else value


def faults(field: Field, value: Any, today: str) -> Iterator[Fault]:
    """Give what is wrong with a value, which is well built as a FHIR type and in NFC."""
    texts = list(_texts(value))
    for below, text in texts:
        if wrong := _unprintable(text):
            yield below, "value", wrong
        elif len(text) > field.longest:
            yield below, "too-long", f"at most {field.longest} letters"
    if field.type == "Attachment":
        yield from _attachment(value)
    elif field.type == "Identifier":
        yield from _document(field, value, today)
    elif field.codes and value not in field.codes:
        yield "", "code-invalid", f"use one of: {', '.join(field.codes)}"
    if isinstance(value, int) and not isinstance(value, bool) and value > field.largest:
        yield "", "value", f"at most {field.largest}"
    if field.check:
        yield from _CHECKS[field.check](value, today)


def _texts(value: Any, below: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield below, value
    elif isinstance(value, dict):
        for name, one in value.items():
            if name != "data":
                yield from _texts(one, f"{below}.{name}")
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _texts(one, f"{below}[{place}]")


def _unprintable(text: str) -> str:
    """Refuse controls, invisible and private characters: what is printed is what was meant."""
    if not text:
        return "is empty; leave it out"
    bad = {unicodedata.category(one) for one in text} & {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
    return "has control or invisible characters; take them out" if bad else ""


def _attachment(value: dict[str, Any]) -> Iterator[Fault]:
    if value.get("contentType") not in _MEDIA:
        yield ".contentType", "value", f"use one of: {', '.join(_MEDIA)}"
    if "data" not in value or "url" in value:
        yield ".data", "required", "send the file itself, as data and not as url"
    elif len(value["data"]) > MAX_ATTACHMENT * _BASE64:
        yield ".data", "too-long", f"at most {MAX_ATTACHMENT // 1024 // 1024} MB; send it smaller"


def _document(field: Field, value: dict[str, Any], today: str) -> Iterator[Fault]:
    codes = [one.get("code") for one in value.get("type", {}).get("coding", ())]
    if len(codes) != 1 or codes[0] not in field.codes:
        yield ".type.coding", "code-invalid", f"give one code of: {', '.join(field.codes)}"
        return
    known = _CITIZEN if codes[0] in ("cccd", "can-cuoc", "so-dinh-danh") else _PAPER
    if not known.fullmatch(value.get("value", "")):
        shape = "12 digits" if known is _CITIZEN else "6 to 20 capitals and digits"
        yield ".value", "value", f"the number of this paper has {shape}"
    if "start" in value.get("period", {}):
        for _, code, told in _past(value["period"]["start"], today):
            yield ".period.start", code, told


def _past(value: str, today: str) -> Iterator[Fault]:
    if len(value) < _DAY:
        yield "", "value", "give the whole date, as YYYY-MM-DD"
    elif not _EARLIEST <= value[:_DAY] <= today:
        yield "", "value", f"lies between {_EARLIEST} and today"


def _period(value: dict[str, Any], _: str) -> Iterator[Fault]:
    period = value.get("period", value)
    ends = [period[name] for name in ("start", "end") if name in period]
    if not ends:
        yield ".period", "required", "say from when, and until when where it is over"
        return
    try:
        low, high = (date_range(one, UTC)[0] for one in (ends[0], ends[-1]))
    except Invalid:
        yield ".period", "value", "is no date that exists"
        return
    if low > high:
        yield ".period", "value", "ends before it begins"


def _name(value: str, _: str) -> Iterator[Fault]:
    if any(unicodedata.category(one)[0] not in "LM" and one not in " '-." for one in value):
        yield "", "value", "a name has letters, marks, spaces, and ' - . alone"
    yield from _printed(value, "")


def _printed(value: Any, _: str) -> Iterator[Fault]:
    """Refuse at once what the certificate, which is signed later, could not say."""
    for below, text in _texts(value):
        if not letters.printable(text):
            yield below, "value", "is printed: use Latin letters and common signs alone"


def _year(value: int, today: str) -> Iterator[Fault]:
    if not _FIRST_YEAR <= value <= int(today[:4]):
        yield "", "value", f"a year from {_FIRST_YEAR} to this one"


def _shaped(pattern: re.Pattern[str], told: str) -> "Check":
    def check(value: str, _: str) -> Iterator[Fault]:
        if not pattern.fullmatch(value):
            yield "", "value", told

    return check


Check = Callable[[Any, str], Iterator[Fault]]
_CHECKS: dict[str, Check] = {
    "name": _name,
    "past": _past,
    "printed": _printed,
    "period": _period,
    "year": _year,
    "number": _shaped(_NUMBER, "1 to 64 of A-Z a-z 0-9 . / _ -"),
    "phone": _shaped(_PHONE, "8 to 15 digits, a + before them"),
    "email": _shaped(_EMAIL, "name@host"),
    "country": _shaped(_COUNTRY, "a country's two letters of ISO 3166, such as VN"),
}
