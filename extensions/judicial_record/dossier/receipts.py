"""The operation `POST Task/$receipts`: many receipts at once, each answered on its own."""

from functools import partial
from typing import Any

from extensions.judicial_record.dossier import road
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.dossier.pay import paid
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Invalid, TooLarge
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.fhir.outcome import operation_outcome
from fhir_server.fhir.reference import target as referred
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.write import check_id

Json = dict[str, Any]
MOST = 200
RECEIPT, DOSSIER = "receipt", "dossier"


def operation_of(desk: Desk) -> Operation:
    """Give `$receipts`."""
    told = f"Takes up to {MOST} receipts; each is answered on its own."
    return road.operation("receipts", partial(receipts, desk), told, level="type")


async def receipts(desk: Desk, context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Pay dossier by dossier; the answer has a Parameters for each receipt, in their order."""
    given = (await road.parameters(context, request)).get("parameter", [])
    if len(given) > MOST:
        raise TooLarge(f"Send at most {MOST} receipts at once.")
    answers = [await _one(desk, context, one) for one in given]
    return FhirResponse(200, json.dump({"resourceType": "Parameters", "parameter": answers}))


async def _one(desk: Desk, context: Context, one: Json) -> Json:
    parts = one.get("part", [])
    named = [part for part in parts if part.get("name") == DOSSIER]
    try:
        identity = _dossier(context, one, named)
        rest = [part for part in parts if part.get("name") != DOSSIER]
        stored = await paid(desk, context, identity, {"parameter": rest})
    except FhirError as failure:
        outcome = operation_outcome(failure.issues)
        told = [{"name": "status", "valueInteger": failure.status}]
        return {
            "name": RECEIPT,
            "part": [*_said(named), *told, {"name": "outcome", "resource": outcome}],
        }
    version = {"name": "version", "valueInteger": stored.version}
    return {
        "name": RECEIPT,
        "part": [*_said(named), {"name": "status", "valueInteger": 200}, version],
    }


def _dossier(context: Context, one: Json, named: list[Json]) -> str:
    if one.get("name") != RECEIPT or len(named) != 1:
        told = "Send parameters named receipt, each with one part dossier and those of $pay."
        raise Invalid(told, expression="Parameters.parameter")
    reference = named[0].get("valueReference", {}).get("reference", "")
    type_, _, identity = referred(reference, (context.base_url,)).partition("/")
    if type_ != "Task":
        raise Invalid("dossier is a reference to a Task.", expression="Parameters.parameter.part")
    check_id(identity)
    return identity


def _said(named: list[Json]) -> list[Json]:
    return [
        {"name": DOSSIER, "valueReference": one["valueReference"]}
        for one in named[:1]
        if "valueReference" in one
    ]
