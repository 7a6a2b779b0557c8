"""Envelopes for tests: the sample's tables, with fields changed by name, encoded again."""

import base64
import re
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree

SAMPLE = Path(__file__).parents[2] / "mappings/decision_4750/examples/sample/envelope.xml"
FACILITY, DAY, MA_LK = "99001", "20250901", "TEST-99999-2025-000001"


def tables():
    """Give the sample's tables: kind → XML text."""
    files = etree.fromstring(SAMPLE.read_bytes()).iter("FILEHOSO")
    return {
        file.findtext("LOAIHOSO"): base64.b64decode(file.findtext("NOIDUNGFILE")).decode()
        for file in files
    }


def changed(text, name, value):
    """Give a table with every field `name` set to `value`."""
    return re.sub(
        rf"<{name}>.*?</{name}>|<{name}/>",
        lambda _: f"<{name}>{escape(value)}</{name}>",
        text,
        flags=re.DOTALL,
    )


def without_row(text, row, place):
    """Give a table without its row at `place`, from 0."""
    rows = re.findall(rf"<{row}>.*?</{row}>", text, flags=re.DOTALL)
    return text.replace(rows[place], "")


def hoso(facility=FACILITY, drop=(), edit=None, **fields):
    """Give a HOSO: the sample's tables but `drop`, fields changed by name wherever they stand.

    `edit` maps a kind to a function on its text.
    """
    parts = []
    for kind, content in tables().items():
        if kind in drop:
            continue
        text = content
        for name, value in ({"MA_CSKCB": facility} | fields).items():
            text = changed(text, name, value)
        text = (edit or {}).get(kind, str)(text)
        parts.append(file(kind, base64.b64encode(text.encode()).decode()))
    return f"<HOSO>{''.join(parts)}</HOSO>"


def file(kind, content):
    return f"<FILEHOSO><LOAIHOSO>{kind}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>"


def wrapped(*hosos, facility=FACILITY, created=DAY):
    """Give the envelope of these HOSO."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><GIAMDINHHS>'
        f"<THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI>"
        f"<THONGTINHOSO><NGAYLAP>{created}</NGAYLAP><SOLUONGHOSO>{len(hosos)}</SOLUONGHOSO>"
        f"<DANHSACHHOSO>{''.join(hosos)}</DANHSACHHOSO></THONGTINHOSO></GIAMDINHHS>"
    ).encode()


def envelope(*, facility=FACILITY, created=DAY, **changes):
    """Give an envelope of one HOSO; `changes` are those of `hoso`."""
    return wrapped(hoso(facility, **changes), facility=facility, created=created)


# A visit without its papers, on another day of the same year.
SHORT = {"drop": ("XML13", "XML14")}


def visit(number, arrived="202509010815", left="202509011030", **changes):
    """Give an envelope of a further visit: its own MA_LK, its own time."""
    times = {"NGAY_VAO": arrived, "NGAY_RA": left}
    return envelope(**SHORT, **{"MA_LK": f"TEST-{number}", **times, **changes})
