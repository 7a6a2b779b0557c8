"""A certificate's signature: a detached ES256 JWS over its canonical bytes, in a FHIR Signature.

Every member of the Signature follows from the signed body and the JWS, so that none of them can be
changed unseen. https://hl7.org/fhir/R4/datatypes.html#Signature
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.proof import jws
from extensions.judicial_record.proof.canonical import TYPE, content
from extensions.judicial_record.proof.keyset import PublicKey, trusted
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.dates import SECOND, parse_instant
from fhir_server.fhir.errors import FhirError, Unprocessable

TYP = "jrc+jws"


@dataclass(frozen=True, slots=True)
class Signed:
    """`jws` is detached from the content; `element` goes into `signature` of the body."""

    jws: str
    element: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proven:
    """What a good signature proves: `canonical` bytes, signed by `key` at `issued`, int seconds."""

    canonical: bytes
    key: PublicKey
    issuer: str
    issued: int


def sign(body: Mapping[str, Any], key: jws.Key) -> Signed:
    """Sign a frozen body, its `id`, `issued`, `issuer` and `document` in place.

    Raises Unprocessable, with the place, for a body that cannot be signed (`canonical`), or whose
    issuer is not the key's.
    """
    issuer, _ = _issue(body)
    if issuer != key.issuer:
        raise Unprocessable("The key is another issuer's.", expression=f"{TYPE}.issuer")
    made = jws.sign(key, TYP, content(body), detached=True)
    return Signed(made, _element(body, made))


def check(certificate: Mapping[str, Any], keys: Mapping[str, PublicKey]) -> Proven:
    """Give what the certificate's one signature proves.

    Raises Doubt: not-a-certificate, not-canonical, signature-missing, signature-form,
    signature-wrong, key-unknown, key-of-another, key-out-of-time, key-compromised.
    """
    try:
        issuer, issued = _issue(certificate)
    except FhirError:
        raise Doubt("not-a-certificate") from None
    try:
        signed = content(certificate)
    except FhirError:
        raise Doubt("not-canonical") from None
    made = _jws(certificate)
    key, _ = jws.read(made, TYP, keys, signed)
    trusted(key, issuer, issued)
    return Proven(signed, key, issuer, issued)


def _issue(body: Mapping[str, Any]) -> tuple[str, int]:
    """Give the issuer's reference and the time of issue in seconds."""
    issuer, issued = body.get("issuer"), body.get("issued")
    reference = issuer.get("reference") if isinstance(issuer, dict) else None
    if body.get("resourceType") != TYPE or not isinstance(body.get("id"), str):
        raise Unprocessable(f"A certificate is a {TYPE} with an id.", expression=f"{TYPE}.id")
    if not isinstance(reference, str):
        raise Unprocessable("Name the issuer.", expression=f"{TYPE}.issuer.reference")
    if not isinstance(issued, str):
        raise Unprocessable("Give the time of issue.", expression=f"{TYPE}.issued")
    return reference, parse_instant(issued) // SECOND


def _jws(certificate: Mapping[str, Any]) -> str:
    elements = certificate.get("signature")
    if not isinstance(elements, list) or len(elements) != 1 or not isinstance(elements[0], dict):
        raise Doubt("signature-missing")
    try:
        made = base64.b64decode(elements[0]["data"], validate=True).decode("ascii")
    except (KeyError, TypeError, ValueError):
        raise Doubt("signature-form") from None
    if elements[0] != _element(certificate, made):
        raise Doubt("signature-form")
    return made


def _element(body: Mapping[str, Any], made: str) -> dict[str, Any]:
    return {
        "type": [
            {"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"},
        ],
        "when": body["issued"],
        "who": {"reference": body["issuer"]["reference"]},
        "targetFormat": "application/fhir+json;canonicalization=jcs",
        "sigFormat": "application/jose",
        "data": base64.b64encode(made.encode()).decode(),
    }
