"""A certificate sealed: its page, the hash of it, the signature over all; what is committed."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import structs

from extensions.judicial_record.certificate.forms import TYPE
from extensions.judicial_record.office import Office
from extensions.judicial_record.paper import offline, rendering
from extensions.judicial_record.proof import jws, keys, log_proof, public_log, signing
from extensions.judicial_record.proof.canonical import content
from extensions.judicial_record.reaching import FORMS
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change

Json = dict[str, Any]
PDF = "application/pdf"
# JudicialRecordCertificate.status → DocumentReference.status, .docStatus
DOCUMENT_STATUS = {
    "preliminary": ("current", "preliminary"),
    "issued": ("current", "final"),
    "superseded": ("superseded", "final"),
    "revoked": ("entered-in-error", "entered-in-error"),
    "annulled": ("entered-in-error", "entered-in-error"),
    "entered-in-error": ("entered-in-error", "entered-in-error"),
}


@dataclass(frozen=True, slots=True)
class Made:
    """A signed certificate and its signed page."""

    certificate: Json
    pdf: bytes


def logged(office: Office, kind: str, certificate: Json) -> None:
    """Tell the log of an event of a certificate, once: a digest of what was signed."""
    told = log_proof.event(kind, content(certificate))
    public_log.append(office.records, public_log.natural(told), told)


def sealed(office: Office, body: Json) -> Made:
    """Give a numbered body with its page, and signed by its issuer's key. Takes some 60 ms of CPU.

    Raises Unprocessable where it cannot be printed or signed.
    """
    # Two fifths of a start of this base, for what the first certificate needs.
    from extensions.judicial_record.paper import pades  # noqa: PLC0415 see above

    issuer = body["issuer"]["reference"]
    at = int(datetime.fromisoformat(body["issued"]).timestamp()) * 1_000_000
    key = keys.active(office.ring, issuer, at)
    extract = offline.payload(body)
    page = _page(office, body, jws.sign(key, offline.TYP, extract) if extract else "")
    pdf = pades.signed(page, office.credentials(issuer), at)
    digest = base64.b64encode(hashlib.sha256(pdf).digest()).decode()
    told = {**body, "verification": {**body["verification"], "documentHash": digest}}
    return Made({**told, "signature": [signing.sign(told, key).element]}, pdf)


def tried(office: Office, body: Json) -> None:
    """Raise Unprocessable where a body cannot be printed or signed; sign nothing. Some 10 ms."""
    content(body)
    _page(office, body, "")


def _page(office: Office, body: Json, extract: str) -> bytes:
    return rendering.pdf(
        body,
        body["verification"]["url"],
        place=office.issuers[body["issuer"]["reference"].removeprefix("Organization/")].place,
        sample=office.sample,
        offline=extract,
    )


def changes(context: Context, made: Made, client: str = "") -> Sequence[Change]:
    """Give the certificate, its DocumentReference and its Binary as Changes; all have one id.

    `client` is the system that applied, which finds them.
    """
    told = made.certificate
    whole = {TYPE: told, "DocumentReference": document(made), "Binary": _binary(made)}
    return [
        structs.replace(created(context, type_, told["id"], one), owner=client)
        for type_, one in whole.items()
    ]


def created(context: Context, type_: str, id_: str, resource: Json) -> Change:
    """Give the Change that makes a resource, as the server's own."""
    whole = built(context, type_, resource)
    made = change(context, type_, id_, whole, method="create", must_not_exist=True)
    return of_the_server(made)


def document(made: Made) -> Json:
    """Give the DocumentReference of the page: https://hl7.org/fhir/R4/documentreference.html ."""
    told = made.certificate
    status, doc_status = DOCUMENT_STATUS[told["status"]]
    form = {"system": FORMS, "code": told["form"]}
    # R4 has SHA-1 here; what proves the page is the hash in the signed certificate.
    digest = hashlib.sha1(made.pdf, usedforsecurity=False).digest()
    attachment = {
        "contentType": PDF,
        "language": "vi",
        "url": f"Binary/{told['id']}",
        "size": len(made.pdf),
        "hash": base64.b64encode(digest).decode(),
        "creation": told["issued"],
    }
    return {
        "resourceType": "DocumentReference",
        "meta": told["meta"],
        "status": status,
        "docStatus": doc_status,
        "type": {"coding": [form]},
        "date": told["issued"],
        "custodian": {"reference": told["issuer"]["reference"]},
        "securityLabel": [{"coding": told["meta"]["security"]}],
        "content": [{"attachment": attachment}],
        "context": {"related": [told["subject"], {"reference": f"{TYPE}/{told['id']}"}]},
    }


def _binary(made: Made) -> Json:
    return {
        "resourceType": "Binary",
        # By this it is told who may read it: `reaching`.
        "meta": {"tag": [{"system": FORMS, "code": made.certificate["form"]}]},
        "contentType": PDF,
        "securityContext": {"reference": made.certificate["subject"]["reference"]},
        "data": base64.b64encode(made.pdf).decode(),
    }
