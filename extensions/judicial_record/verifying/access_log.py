"""The operation `$access-log`: who checked a certificate, or was shown it; for its holder.

The rows are those of its page: when, how far, by which organisation, for what, on which basis.
"""

from functools import partial
from typing import Any, Final

from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.verifying.gate import TYPE, Gate, certificate_of, checks
from fhir_server.fhir import json
from fhir_server.fhir.dates import instant
from fhir_server.fhir.errors import NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.current import key
from fhir_server.operations.inputs import inputs
from fhir_server.store.records import Record

# What a row tells beside its time, and the type it is told in.
_TOLD: Final = {
    "kind": "valueCode",
    "by": "valueReference",
    "purpose": "valueCode",
    "basis": "valueString",
    "case": "valueString",
    "rule": "valueString",
    "valid": "valueCode",
}


async def access_log(
    gate: Gate, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Answer with one `access` for each who was shown it, and each day of checks; newest first.

    Raises NotFound for a certificate of another holder, as for none.
    """
    _, id_ = key(context, target)
    inputs(context, request, {})
    certificate = await certificate_of(context, id_)
    holder = (certificate or {}).get("subject", {}).get("reference", "")
    if certificate is None or not holder or holder != context.caller.user:
        raise NotFound("This certificate is not known.")
    rows = [_row(one) for one in await checks(gate, certificate)]
    body = {"resourceType": "Parameters", **({"parameter": rows} if rows else {})}
    return FhirResponse(200, json.dump(body), [("Cache-Control", "no-store")])


def _row(one: Record) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"name": "when", "valueInstant": instant(one["ts"])}]
    for name, property_ in _TOLD.items():
        if one.get(name):
            value = {"reference": one[name]} if property_ == "valueReference" else one[name]
            parts.append({"name": name, property_: value})
    return {"name": "access", "part": parts}


def operation(gate: Gate) -> Operation:
    """Give the operation of an issuing system."""
    return Operation(
        name="access-log",
        level="instance",
        handler=partial(access_log, gate),
        definition=f"{DEFINITION}/certificate-access-log",
        types=(TYPE,),
        documentation="Tells the holder who checked a certificate, or was shown it.",
    )
