"""The operations `$as-basic` and `$as-document`: a certificate for clients that know R4 alone.

Derived at each call and stored nowhere; who may read the certificate may ask.
https://hl7.org/fhir/R4/basic.html, https://hl7.org/fhir/R4/documentreference.html
"""

from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from extensions.judicial_record.certificate.forms import TYPE
from extensions.judicial_record.certificate.papers import DOCUMENT_STATUS
from extensions.judicial_record.names import LEGAL
from extensions.judicial_record.office import ZONE
from extensions.judicial_record.proof.canonical import canonical, signed_part
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import json
from fhir_server.fhir.errors import NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.current import current, key
from fhir_server.operations.inputs import inputs

SUMMARY = f"{LEGAL}/StructureDefinition/certificate-summary"
NOT_IN_FORCE = f"{LEGAL}/StructureDefinition/certificate-status"
PROFILE = f"{LEGAL}/StructureDefinition/certificate-as-basic"

Json = dict[str, Any]
# The sub-extensions: what each is of, and the type of its value.
_SUMMARY = {
    "resourceDefinition": "valueCanonical",
    "status": "valueCode",
    "form": "valueCode",
    "request": "valueReference",
    "dataAsOf": "valueInstant",
    "convictionStatus": "valueCode",
    "prohibitionStatus": "valueCode",
    "issued": "valueInstant",
}
_VERIFICATION = {
    "url": "valueUrl",
    "statusList": "valueUri",
    "statusIndex": "valueUnsignedInt",
}
# Of Form 2 the summary says nothing of the record itself.
_OF_FORM_1 = frozenset({"convictionStatus", "prohibitionStatus"})


def as_basic(certificate: Mapping[str, Any]) -> Json:
    """Give the Basic of a certificate: its summary, never a conviction."""
    status = certificate["status"]
    basic: Json = {
        "resourceType": "Basic",
        "meta": {"profile": [PROFILE], **_security(certificate)},
        "extension": [{"url": SUMMARY, "extension": list(_summary(certificate))}],
        "identifier": certificate["identifier"],
        "code": {"coding": [_coding("projection-kind", "judicial-record-certificate")]},
        "subject": certificate["subject"],
    }
    if status != "issued":
        basic["modifierExtension"] = [{"url": NOT_IN_FORCE, "valueCode": status}]
    if "issued" in certificate:
        issued = datetime.fromisoformat(certificate["issued"]).astimezone(ZONE)
        basic["created"] = issued.date().isoformat()
    if "issuer" in certificate:
        basic["author"] = certificate["issuer"]
    return basic


def as_document(certificate: Mapping[str, Any], pdfs: list[Json]) -> Json:
    """Give the DocumentReference of a certificate; `pdfs` are the attachments of its document.

    With the page stand the signed bytes and the signature, so that it can be checked alone.
    It has no subject, which R4 lets be no Person: the holder stands in context.related.
    """
    status, doc_status = DOCUMENT_STATUS[certificate["status"]]
    security = _security(certificate)
    document: Json = {
        "resourceType": "DocumentReference",
        "identifier": certificate["identifier"],
        "status": status,
        "docStatus": doc_status,
        "type": {"coding": [_coding("certificate-form", certificate["form"])]},
        "content": [{"attachment": one} for one in (*pdfs, *_signatures(certificate))],
        "context": {"related": [certificate["subject"]]},
    }
    if security:
        document["meta"] = security
        document["securityLabel"] = [{"coding": [one]} for one in security["security"]]
    if "issued" in certificate:
        document["date"] = certificate["issued"]
    if "issuer" in certificate:
        document |= {"author": [certificate["issuer"]], "custodian": certificate["issuer"]}
    return document


def _coding(system: str, code: str) -> Json:
    return {"system": f"{LEGAL}/CodeSystem/{system}", "code": code}


def _security(certificate: Mapping[str, Any]) -> Json:
    labels = certificate.get("meta", {}).get("security")
    return {"security": labels} if labels else {}


def _summary(certificate: Mapping[str, Any]) -> Iterator[Json]:
    verification = certificate.get("verification", {})
    hidden = frozenset() if certificate["form"] == "form-1" else _OF_FORM_1
    for element, types in ((certificate, _SUMMARY), (verification, _VERIFICATION)):
        for name, type_ in types.items():
            if name in element and name not in hidden:
                yield {"url": name, type_: element[name]}


def _signatures(certificate: Mapping[str, Any]) -> Iterator[Json]:
    """Yield the bytes that were signed and the detached JWS over them, as attachments."""
    if certificate.get("signature"):
        signed = b64encode(canonical(signed_part(certificate))).decode()
        yield {"contentType": "application/fhir+json", "data": signed}
    for one in certificate.get("signature", ()):
        if "data" in one:
            yield {"contentType": one["sigFormat"], "data": one["data"], "creation": one["when"]}


async def _basic(_: Context, certificate: Json) -> Json:
    return as_basic(certificate)


async def _document(context: Context, certificate: Json) -> Json:
    pdfs = [
        content["attachment"]
        for one in certificate.get("document", ())
        for content in (await _referred(context, one["reference"]))["content"]
    ]
    document = as_document(certificate, pdfs)
    if not document["content"]:
        raise NotFound("This certificate has no document yet: it is not signed.")
    return document


async def _referred(context: Context, text: str) -> Json:
    """Give the DocumentReference of a certificate: who may read this may read that it is there."""
    type_, _, identity = text.partition("/")
    stored = await context.store.read(OFFICE, type_, identity)
    return json.parse_object(stored.body) if stored and stored.body else {"content": []}


async def _derived(
    derive: Callable[[Context, Json], Awaitable[Json]],
    context: Context,
    request: FhirRequest,
    target: Target,
) -> FhirResponse:
    inputs(context, request, {})
    # Its own right to be read is the certificate's.
    stored = await current(context, "read", *key(context, target))
    made = await derive(context, json.parse_object(stored.body or b"{}"))
    return FhirResponse(200, json.dump(made), headers=(("Cache-Control", "no-store"),))


OPERATIONS = (
    Operation(
        name="as-basic",
        level="instance",
        handler=partial(_derived, _basic),
        definition=f"{LEGAL}/OperationDefinition/certificate-as-basic",
        types=(TYPE,),
        documentation="The summary of a certificate as a Basic resource.",
    ),
    Operation(
        name="as-document",
        level="instance",
        handler=partial(_derived, _document),
        definition=f"{LEGAL}/OperationDefinition/certificate-as-document",
        types=(TYPE,),
        documentation="The signed PDF of a certificate and its signature as a DocumentReference.",
    ),
)
