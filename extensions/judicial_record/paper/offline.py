"""What stands in the QR code that is checked without a network: a small signed extract of Form 1.

It says no more than the page it is printed on. The signature of the certificate itself cannot be
there: it is over the hash of the PDF, which holds the code. The extract goes deflated into a
compact JWS, as a SMART Health Card's does:
https://hl7.org/fhir/uv/smart-health-cards-and-links/cards-specification.html
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from extensions.judicial_record.proof import jws
from extensions.judicial_record.proof.keyset import PublicKey, trusted
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.dates import SECOND, parse_instant
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.json import parse_object

TYP = "jrc-extract+jws"
PREFIX = "jrc:/"
MAX_BYTES = 4_000
_ELEMENTS = ("identifier", "form", "issued", "convictionStatus", "prohibitionStatus", "issuer")
_PERSON = ("name", "gender", "birthDate")
_LOWEST = ord("-")


def payload(body: Mapping[str, Any]) -> bytes | None:
    """Give the deflated extract of a frozen Form 1, to be signed as TYP.

    None for a Form 1 with convictions and for a Form 2, which are looked up and never carried.
    """
    if body["form"] != "form-1" or body["convictionStatus"] != "none":
        return None
    snapshot = body["subjectSnapshot"]
    extract = {name: body[name] for name in _ELEMENTS} | {
        "identifier": [one for one in body["identifier"] if _is_number(one)],
        "subjectSnapshot": {name: snapshot[name] for name in _PERSON},
        "verification": {"code": body["verification"]["code"]},
    }
    text = json.dumps(extract, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return packer.compress(text.encode()) + packer.flush()


def _is_number(identifier: Mapping[str, Any]) -> bool:
    codings = identifier.get("type", {}).get("coding", ())
    return any(one.get("code") == "certificate-number" for one in codings)


def extract(payload: bytes) -> dict[str, Any]:
    """Read a payload whose signature was found good; Invalid where it is none, or too long."""
    try:
        unpacker = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        text = unpacker.decompress(payload, MAX_BYTES)
    except zlib.error:
        raise Invalid("This is no extract of a certificate.") from None
    if not unpacker.eof or unpacker.unused_data:
        raise Invalid("This is no extract of a certificate.")
    return parse_object(text)


def digits(text: str) -> str:
    """Give each letter of a compact JWS as two digits, its code point less 45.

    Of digits a QR code holds more than of letters.
    """
    return "".join(f"{ord(letter) - _LOWEST:02}" for letter in text)


def proven(scanned: str, keys: Mapping[str, PublicKey]) -> dict[str, Any]:
    """Give the extract in what a QR code said, signed by a key that was good when it was issued.

    What became of the certificate since is not in it. Raises Invalid for what is no such code, and
    Doubt: signature-form, signature-wrong, key-unknown, key-of-another, key-out-of-time,
    key-compromised, key-needs-log.
    """
    key, packed = jws.read(carried(scanned), TYP, keys)
    told = extract(packed)
    trusted(key, told["issuer"]["reference"], parse_instant(told["issued"]) // SECOND)
    if key.revoked:
        # Who has a lost key signs with a date before the loss, and a code carries no proof of it.
        raise Doubt("key-needs-log")
    return told


def carried(scanned: str) -> str:
    """Give the JWS in what a QR code said; Invalid where it says something else."""
    numbers = scanned.removeprefix(PREFIX)
    if numbers == scanned or not numbers.isascii() or not numbers.isdigit() or len(numbers) % 2:
        raise Invalid("This code is not one of a certificate.")
    pairs = (numbers[at : at + 2] for at in range(0, len(numbers), 2))
    return "".join(chr(int(pair) + _LOWEST) for pair in pairs)
