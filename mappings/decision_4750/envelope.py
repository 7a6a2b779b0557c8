"""The envelope GIAMDINHHS: who sends it, when it was made, and the tables of every HOSO in it.

Official letter 1245/BHXH-CNTT (2024). Any number of HOSO, their FILEHOSO in any order; a table's
content is base64, nested XML, or XML as text.
"""

import base64
import binascii
import re
from collections import Counter
from dataclasses import dataclass, replace

from fhir_server.fhir import xml
from fhir_server.fhir.errors import Invalid, Issue
from fhir_server.fhir.xml import Element
from mappings.decision_4750.tables import SHAPES
from mappings.terms import dates

ROOT = "GIAMDINHHS"
HEAD = "THONGTINDONVI.MACSKCB"
MAX_INNER_BYTES = 64 * 1024 * 1024
MAX_HOSOS = 1000
MAX_FILES = 50

_FACILITY = re.compile(r"[0-9A-Za-z]{5}")
_DAY = 8


@dataclass(frozen=True, slots=True)
class Hoso:
    """One visit as it came: its place from 0, its MA_LK ('' if unreadable), (kind, root) pairs.

    An issue that is an error refuses the whole HOSO.
    """

    index: int
    ma_lk: str
    files: tuple[tuple[str, Element], ...]
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """The sending facility's code, the day of making (yyyymmdd), the visits, and warnings."""

    facility: str
    created: str
    hosos: tuple[Hoso, ...]
    issues: tuple[Issue, ...] = ()


def read_envelope(body: bytes, max_inner_bytes: int = MAX_INNER_BYTES) -> Envelope:
    """Read an envelope's bytes.

    Raises Invalid for XML that cannot be read, another root, no HOSO or over MAX_HOSOS, an
    unreadable MACSKCB or NGAYLAP, or more than `max_inner_bytes` of tables. What is wrong inside
    one HOSO is in its issues.
    """
    root = xml.parse(body)
    if root.tag != ROOT:
        raise Invalid(f"The root element is {root.tag}; an envelope begins with {ROOT}.")
    if len(root.findall("THONGTINDONVI")) > 1 or len(root.findall("THONGTINDONVI/MACSKCB")) > 1:
        raise Invalid(f"{ROOT}/{HEAD} stands more than once; an envelope has one sender.")
    facility = _text(root, "THONGTINDONVI/MACSKCB")
    if not _FACILITY.fullmatch(facility):
        raise Invalid(f"{ROOT}/THONGTINDONVI/MACSKCB must be a facility code of 5 characters.")
    created = _created(_text(root, "THONGTINHOSO/NGAYLAP"))
    elements = root.findall("THONGTINHOSO/DANHSACHHOSO/HOSO")
    if not elements:
        raise Invalid(f"There is no {ROOT}/THONGTINHOSO/DANHSACHHOSO/HOSO in the envelope.")
    if len(elements) > MAX_HOSOS:
        raise Invalid(
            f"The envelope holds more than {MAX_HOSOS} HOSO; split it.", code="too-costly"
        )
    if sum(len(text) for text in root.itertext("NOIDUNGFILE")) > max_inner_bytes:
        raise Invalid(f"The tables hold more than {max_inner_bytes} characters.", code="too-long")
    hosos = _without_twins([_hoso(index, element) for index, element in enumerate(elements)])
    return Envelope(facility, created, hosos, _miscounted(root, len(hosos)))


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _created(text: str) -> str:
    try:
        dates.day(text[:_DAY])
    except ValueError as reason:
        told = f"{ROOT}/THONGTINHOSO/NGAYLAP is no day, yyyymmdd: {reason}."
        raise Invalid(told) from None
    return text[:_DAY]


def _miscounted(root: Element, count: int) -> tuple[Issue, ...]:
    said = _text(root, "THONGTINHOSO/SOLUONGHOSO")
    if said in {"", str(count)}:
        return ()
    told = f"SOLUONGHOSO says {said[:10]}, the envelope holds {count} HOSO."
    return (Issue("value", told, "THONGTINHOSO.SOLUONGHOSO", "warning"),)


def _hoso(index: int, element: Element) -> Hoso:
    files: list[tuple[str, Element]] = []
    issues: list[Issue] = []
    found = element.findall("FILEHOSO")
    if len(found) > MAX_FILES:
        told = f"The HOSO holds more than {MAX_FILES} FILEHOSO; send each table once."
        issues.append(Issue("too-costly", told, "FILEHOSO"))
    for file in found[:MAX_FILES]:
        kind = _text(file, "LOAIHOSO").upper()
        if kind not in SHAPES:
            told = f"LOAIHOSO '{kind[:40]}' is no table of an envelope; the raw document keeps it."
            issues.append(Issue("not-supported", told, "FILEHOSO.LOAIHOSO", "warning"))
            continue
        try:
            files.append((kind, _content(file.find("NOIDUNGFILE"))))
        except Invalid as failure:
            issues.append(Issue("structure", f"{kind}: {failure}", kind))
    if not any(kind == "XML1" for kind, _ in files):
        told = "The HOSO has no readable XML1, the summary every visit must have."
        issues.append(Issue("required", told, "XML1"))
    summary = next((content for kind, content in files if kind == "XML1"), None)
    ma_lk = "" if summary is None else _text(summary, "MA_LK")
    return Hoso(index, ma_lk, tuple(files), tuple(issues))


def _content(holder: Element | None) -> Element:
    if holder is None:
        raise Invalid("NOIDUNGFILE is missing.")
    if len(holder) == 1:
        return holder[0]
    if len(holder):
        raise Invalid("NOIDUNGFILE holds more than one element.")
    text = (holder.text or "").strip().lstrip("\ufeff")
    if text.startswith("<"):
        return xml.parse(text.encode())
    try:
        plain = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("NOIDUNGFILE is neither base64 nor XML; send base64 of UTF-8.") from None
    return xml.parse(plain)


def _without_twins(hosos: list[Hoso]) -> tuple[Hoso, ...]:
    times = Counter(hoso.ma_lk for hoso in hosos if hoso.ma_lk)
    told = "Another HOSO of this envelope has the same MA_LK; both are refused. Send one of them."
    twin = Issue("duplicate", told, "XML1.MA_LK")
    return tuple(
        replace(hoso, issues=(*hoso.issues, twin)) if times[hoso.ma_lk] > 1 else hoso
        for hoso in hosos
    )
