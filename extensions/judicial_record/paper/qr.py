"""QR codes of a certificate, as SVG for the page and for web pages.

ISO/IEC 18004; what stands in the code that is checked offline: `offline.py`.
"""

import io
from typing import Any

import segno

from extensions.judicial_record.paper import offline

# The largest QR code that phones read well from paper:
# https://hl7.org/fhir/uv/smart-health-cards-and-links/cards-specification.html
MAX_VERSION = 22


def link(public_url: str, code: str) -> str:
    """Give the address that checks the certificate with this code."""
    return f"{public_url}/v/{code}"


def of_link(url: str) -> str:
    """Give an address as a QR code with error correction M, as SVG of one unit a module."""
    return _svg(segno.make_qr(url, error="m", boost_error=False))


def of_jws(jws: str) -> str | None:
    """Give a compact JWS as one QR code, see `offline`; None where it is too long for one."""
    parts: Any = [offline.PREFIX, offline.digits(jws)]  # the library's types know of one part only
    try:
        code = segno.make_qr(parts, error="l", boost_error=False)
    except segno.DataOverflowError:
        return None
    return _svg(code) if int(code.version) <= MAX_VERSION else None


def _svg(code: segno.QRCode) -> str:
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, xmldecl=False, svgclass=None, lineclass=None)
    return out.getvalue().decode()
