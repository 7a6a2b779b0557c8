"""Draw the sample pages of docs/judicial-records.md: a Form 1 and a Form 2, signed, as PNG.

Run from the root: `python scripts/certificate_pages.py`. Nothing in them is of anybody.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped] # it has none
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from extensions.judicial_record.paper import offline
from extensions.judicial_record.paper.credentials import Credentials, testing_authority
from extensions.judicial_record.paper.pades import signed
from extensions.judicial_record.paper.rendering import pdf
from extensions.judicial_record.proof import jws

BODIES = Path("tests/extensions/judicial_record/paper/samples")
IMAGES = Path("docs/images")
_SCALE = 1.4  # pixels a point
_GREYS = 16


def page(body: Mapping[str, Any]) -> bytes:
    """Give a frozen body as a PDF signed by somebody made up for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    at = int(datetime.fromisoformat(body["issued"]).timestamp()) * 1_000_000
    leaf, _ = testing_authority(body["issuer"]["display"], key.public_key(), at)

    def sign(data: bytes) -> bytes:
        pair = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return b"".join(one.to_bytes(32, "big") for one in pair)

    extract = offline.payload(body)
    signer = jws.Key("sample", body["issuer"]["reference"], sign)
    carried = jws.sign(signer, offline.TYP, extract) if extract else ""
    url = body["verification"]["url"]
    whole = pdf(dict(body), url, place="Tỉnh Thử", offline=carried)
    return signed(whole, Credentials(leaf, (), sign), at)


def png(content: bytes) -> bytes:
    """Give the first page of a PDF as a PNG of few greys."""
    document = pypdfium2.PdfDocument(content)
    document.init_forms()
    drawn = document[0].render(scale=_SCALE, grayscale=True)
    raw, step = bytes(drawn.buffer), 256 // _GREYS
    rows = bytearray()
    for top in range(0, drawn.height * drawn.stride, drawn.stride):
        row = raw[top : top + drawn.width].ljust(drawn.width + drawn.width % 2)
        pairs = zip(row[::2], row[1::2], strict=True)
        rows += b"\0" + bytes(left // step << 4 | right // step for left, right in pairs)
    head = struct.pack(">IIBBBBB", drawn.width, drawn.height, 4, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def main() -> None:
    """Draw both pages."""
    for form in ("form-1", "form-2"):
        body = json.loads((BODIES / f"{form}.json").read_text("utf-8"))
        image = png(page(body))
        (IMAGES / f"judicial-record-{form}.png").write_bytes(image)
        print(form, len(image), "bytes")


if __name__ == "__main__":
    main()
