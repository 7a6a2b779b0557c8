"""The operation `$log-proof`: that a certificate's issue is in the public log, for who may know.

What a verifier sees of a certificate has no place in the log; the holder, and an officer of the
body that issued it, get the proof and may hand it on. https://www.rfc-editor.org/rfc/rfc9162
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.office import Office
from extensions.judicial_record.proof import log_proof, public_log
from extensions.judicial_record.proof.canonical import content
from extensions.judicial_record.proof.keys import KeyRing
from extensions.judicial_record.verifying.gate import TYPE, certificate_of
from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.current import key
from fhir_server.operations.inputs import inputs


def proof_of(ring: KeyRing, caller: Caller, certificate: Mapping[str, Any] | None) -> str:
    """Give the proof as JSON text, as `fhir-server certificate verify --log` reads it.

    Raises NotFound for a certificate the caller has nothing to do with, as for none; Conflict
    (transient) within the minute of the issue.
    """
    if certificate is None or not _own(caller, certificate):
        raise NotFound("This certificate is not known.")
    issued = log_proof.event("issued", content(certificate))
    id_ = public_log.natural(issued)
    # Should the process have ended between the commit of the certificate and the log.
    public_log.append(ring.records, id_, issued)
    return json.dump(public_log.inclusion(ring, id_)).decode()


def operation(office: Office) -> Operation:
    """Give the operation of an issuing system."""

    async def handler(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
        _, id_ = key(context, target)
        inputs(context, request, {})
        certificate = await certificate_of(context, id_)
        proof = await asyncio.to_thread(proof_of, office.ring, context.caller, certificate)
        told = [{"name": "proof", "valueString": proof}]
        body = {"resourceType": "Parameters", "parameter": told}
        return FhirResponse(200, json.dump(body), [("Cache-Control", "no-store")])

    return Operation(
        name="log-proof",
        level="instance",
        handler=handler,
        definition=f"{DEFINITION}/certificate-log-proof",
        types=(TYPE,),
        affects_state=False,
        documentation="Proves that the issue of a certificate is in the public log.",
    )


def _own(caller: Caller, certificate: Mapping[str, Any]) -> bool:
    """Say whether this is the caller's certificate, or one his body issued."""
    issued = {f"Organization/{one}" for one in caller.organisations}
    holder: str = certificate["subject"].get("reference", "")
    return bool(holder and holder == caller.user) or certificate["issuer"]["reference"] in issued
