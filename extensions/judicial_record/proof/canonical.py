"""The bytes a certificate is signed over: JSON Canonicalization Scheme, without fractions.

https://www.rfc-editor.org/rfc/rfc8785. FHIR's decimals carry their precision and JCS's numbers do
not, so a body with a decimal is refused; text must be NFC, or the same name has two signatures.
"""

import base64
import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from fhir_server.fhir.errors import Unprocessable

TYPE = "JudicialRecordCertificate"
# What the server stamps, and what changes after the issue; all else is signed.
UNSIGNED = ("meta", "signature", "status", "statusReason", "revocation", "replacedBy")
# The largest whole number every JSON reader keeps: https://www.rfc-editor.org/rfc/rfc7493#section-2.2
_MOST = 2**53 - 1


def signed_part(certificate: Mapping[str, Any]) -> dict[str, Any]:
    """Give the elements of a certificate that its signature is over."""
    return {name: value for name, value in certificate.items() if name not in UNSIGNED}


def canonical(value: Any, place: str = TYPE) -> bytes:
    """Give the one serialisation of a JSON value; `place` is its FHIRPath, for errors.

    Raises Unprocessable for a number with a fraction or exponent, a whole number past 2^53 - 1,
    text that is not NFC, half a surrogate pair.
    """
    return json.dumps(
        _ordered(value, place), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def content(certificate: Mapping[str, Any]) -> bytes:
    """Give the bytes a certificate's signature is over. Raises Unprocessable as `canonical`."""
    return canonical(signed_part(certificate))


def digest(given: bytes) -> str:
    """Give the SHA-256 of bytes as a FHIR base64Binary, as in `verification.documentHash`."""
    return base64.b64encode(hashlib.sha256(given).digest()).decode()


def _ordered(value: Any, place: str) -> Any:
    if isinstance(value, dict):
        return {
            _text(key, place): _ordered(value[key], f"{place}.{key}")
            for key in sorted(value, key=_units)
        }
    if isinstance(value, list):
        return [_ordered(one, f"{place}[{at}]") for at, one in enumerate(value)]
    if isinstance(value, str):
        return _text(value, place)
    if value is None or isinstance(value, bool) or (type(value) is int and abs(value) <= _MOST):
        return value
    raise Unprocessable(
        "A signed certificate has whole numbers up to 2^53 - 1 only, written without fraction.",
        expression=place,
    )


def _units(key: str) -> bytes:
    """Give what keys are sorted by: https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3 ."""
    return key.encode("utf-16-be", "surrogatepass")


def _text(text: str, place: str) -> str:
    if text.isascii():
        return text
    if not unicodedata.is_normalized("NFC", text):
        raise Unprocessable("Send this text in Unicode's form NFC.", expression=place)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unprocessable("This text has half a surrogate pair.", expression=place) from None
    return text
