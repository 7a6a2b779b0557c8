"""The operation `$verify`, for everybody: a code and five fields say whether a certificate holds.

There is one negative answer, byte for byte, whatever was wrong. Who has all five fields holds the
paper: they learn also when it was issued, by whom, and when its state last changed, so that they
can tell a withdrawn certificate from a slip of the pen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.office import ZONE
from extensions.judicial_record.verifying import attempts, lookup
from extensions.judicial_record.verifying.gate import TYPE, VERIFY, Gate, certificate_of, note
from extensions.judicial_record.verifying.lookup import FIELDS
from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.inputs import inputs

LONGEST = 256
_INPUTS: Final = dict.fromkeys(("code", *FIELDS), "valueString")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`issued` is a date, `updated` an instant; all but `valid` are "" for who may not know."""

    valid: bool = False
    issued: str = ""
    issuer: str = ""
    updated: str = ""


NO = Verdict()


async def verify(gate: Gate, context: Context, given: dict[str, str]) -> Verdict:
    """Give the verdict on a code and the five fields.

    Raises TooManyRequests for who was wrong too often, Invalid for a field that is left out.
    """
    for name in _INPUTS:
        if not given.get(name, "").strip():
            raise Invalid(f"The parameter {name} is needed.", code="required")
        if len(given[name]) > LONGEST:
            raise Invalid(f"The parameter {name} has over {LONGEST} letters.", code="too-long")
    code = given["code"].strip()
    found = await _tried(gate, context, code, given)
    certificate = await certificate_of(context, found.certificate) if found.agrees else None
    if certificate is None:
        return NO
    valid = certificate["status"] == "issued" and await gate.sound(context, certificate)
    await note(gate, certificate, VERIFY, valid="yes" if valid else "no")
    return Verdict(
        valid,
        _day(certificate.get("issued", "")),
        gate.issuer(certificate),
        certificate["meta"]["lastUpdated"],
    )


async def _tried(gate: Gate, context: Context, code: str, fields: dict[str, str]) -> lookup.Found:
    keys = attempts.of("verify", context.origin.peer, code)
    counted = await attempts.check(gate, context, keys)
    found = await lookup.find(gate, context, code, fields)
    if not found.agrees:
        await attempts.wrong(gate, keys)
    elif counted:
        await attempts.right(gate, keys)
    return found


def _day(instant: str) -> str:
    """Give the day in Viet Nam: the hour tells how long the dossier took."""
    return datetime.fromisoformat(instant).astimezone(ZONE).date().isoformat() if instant else ""


def operation(gate: Gate) -> Operation:
    """Give the operation of an issuing system."""

    async def handler(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        verdict = await verify(gate, context, inputs(context, request, _INPUTS))
        told: list[dict[str, Any]] = [
            {"name": "valid", "valueBoolean": verdict.valid},
            {"name": "issued", "valueDate": verdict.issued},
            {"name": "issuer", "valueString": verdict.issuer},
            {"name": "updated", "valueInstant": verdict.updated},
        ]
        kept = [one for one in told if "" not in one.values()]
        body = {"resourceType": "Parameters", "parameter": kept}
        return FhirResponse(200, json.dump(body), [("Cache-Control", "no-store")])

    return Operation(
        name="verify",
        level="type",
        handler=handler,
        definition=f"{DEFINITION}/certificate-verify",
        types=(TYPE,),
        methods=("POST",),
        documentation="Says whether a certificate holds, for who has its code and five fields.",
    )
