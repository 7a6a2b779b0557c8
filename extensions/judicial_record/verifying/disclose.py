"""The operation `$disclose`: what a certificate says, to who may ask and shows the right to.

An organisation gets Form 1 with the holder's passcode, once; where the law asks for one, with a
legal basis. A body that conducts proceedings gets what the law says, for a case it names. Nobody
else gets Form 2, however much the holder agrees. Whatever is wrong with code or passcode has one
answer.
"""

import asyncio
from typing import Any, Final

from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.office import Body
from extensions.judicial_record.verifying import attempts, lookup, passcode
from extensions.judicial_record.verifying.gate import TYPE, Gate, Json, Rule, certificate_of, note
from fhir_server.fhir import json
from fhir_server.fhir.errors import Forbidden, Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.inputs import inputs

PROCEEDINGS = "proceedings-body"
SHORTEST, LONGEST = 5, 300
# Of the body it came from alone: issuing writes none, so that what is shown is what was signed.
_INTERNAL = "note"
_INPUTS: Final = {
    "code": "valueString",
    "purpose": "valueCode",
    "passcode": "valueString",
    "legalBasis": "valueString",
    "case": "valueString",
}
_REFUSED = (
    "There is nothing to show: the code, the purpose or the passcode is not right, or the passcode "
    "was used, is too old, or was tried too often. Ask the holder for a new one."
)


async def disclose(gate: Gate, context: Context, given: dict[str, str]) -> Json:
    """Give the certificate as it was signed.

    Raises Forbidden for who may not ask or shows no right to, Invalid for what is missing.
    """
    body = registered(gate, context)
    purpose = _words(given, "purpose", 1)
    if not passcode.PURPOSE.fullmatch(purpose):
        raise Invalid("Say the purpose as a code: small letters, digits and dashes.", code="value")
    told = {"by": f"Organization/{body.organisation}", "purpose": purpose}
    if body.kind == PROCEEDINGS:
        told["case"] = _words(given, "case", SHORTEST)
        certificate, rule = await _for_proceedings(gate, context, given)
    else:
        rule = _may_ask(gate, body)
        if rule.value == "legal-basis":
            told["basis"] = _words(given, "legalBasis", SHORTEST)
        certificate = await _opened(gate, context, given, body)
    await note(gate, certificate, certificate["form"], rule=f"{rule.id}|{rule.version}", **told)
    return {name: value for name, value in certificate.items() if name != _INTERNAL}


def registered(gate: Gate, context: Context) -> Body:
    """Give the body that asks; Forbidden unless `bodies.json` named it when the office opened."""
    kind, _, id_ = context.caller.user.partition("/")
    for one in (id_,) if kind == "Organization" else context.caller.organisations:
        if one in gate.office.bodies:
            return gate.office.bodies[one]
    raise Forbidden("Only an organisation that is registered for it may ask for a certificate.")


def _may_ask(gate: Gate, body: Body) -> Rule:
    """Give the rule by which this body may see Form 1; Forbidden where the law says no."""
    rule = gate.rule("access", gate.today, form="form-1", by=body.kind)
    if rule.value == "refused":
        raise Forbidden(f"The law gives you no right to ask for Form 1: rule {rule.id}.")
    return rule


async def _opened(gate: Gate, context: Context, given: dict[str, str], body: Body) -> Json:
    """Give the Form 1 the passcode opens."""
    code, digits = _words(given, "code", 1), _words(given, "passcode", 1)
    keys = attempts.of("disclose", body.organisation, code)[:2]
    await attempts.check(gate, context, keys)
    id_ = await asyncio.to_thread(lookup.certificate_id, gate, code)
    certificate = await certificate_of(context, id_) if id_ else None
    shown = certificate if certificate and _is_shown(certificate) else None
    spent = await asyncio.to_thread(
        passcode.spend, gate, id_ if shown else "", given["purpose"], digits
    )
    if shown is None or not spent:
        await attempts.wrong(gate, keys)
        raise Forbidden(_REFUSED)
    return shown


async def _for_proceedings(
    gate: Gate, context: Context, given: dict[str, str]
) -> tuple[Json, Rule]:
    code = _words(given, "code", 1)
    id_ = await asyncio.to_thread(lookup.certificate_id, gate, code)
    certificate = await certificate_of(context, id_) if id_ else None
    if certificate is None:
        raise Forbidden(_REFUSED)
    rule = gate.rule("access", gate.today, form=certificate["form"], by=PROCEEDINGS)
    if rule.value == "refused":
        raise Forbidden(_REFUSED)
    return certificate, rule


def _is_shown(certificate: Json) -> bool:
    return bool(certificate["form"] == "form-1" and certificate["status"] == "issued")


def _words(given: dict[str, str], name: str, shortest: int) -> str:
    text: Any = given.get(name, "").strip()
    if not shortest <= len(text) <= LONGEST:
        told = f"The parameter {name} is needed, in {shortest} to {LONGEST} letters."
        raise Invalid(told, code="required")
    return str(text)


def operation(gate: Gate) -> Operation:
    """Give the operation of an issuing system."""

    async def handler(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        certificate = await disclose(gate, context, inputs(context, request, _INPUTS))
        told = [{"name": "certificate", "resource": certificate}]
        body = {"resourceType": "Parameters", "parameter": told}
        return FhirResponse(200, json.dump(body), [("Cache-Control", "no-store")])

    return Operation(
        name="disclose",
        level="type",
        handler=handler,
        definition=f"{DEFINITION}/certificate-disclose",
        types=(TYPE,),
        affects_state=True,
        documentation="Shows a certificate to who may ask for it, with the holder's passcode.",
    )
