"""The operation `$break-glass`: in an emergency a practitioner opens the record of one patient.

For 15 minutes he sees what is in the compartment, whatever care, consents and labels say. The
patient gets a notice, and a person has to review it: both are written in the same transaction.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from fhir_server.access.care import BREAK_GLASS_SECONDS, Relation
from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import Forbidden, Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.write import built, change
from fhir_server.operations.current import key, standing
from fhir_server.operations.inputs import inputs
from fhir_server.search.condition import Everything
from fhir_server.search.index import CARE_FIELD
from fhir_server.store.documents import Change
from fhir_server.store.reviews import Review
from fhir_server.store.transact import Transaction

NAME = "$break-glass"
SHORTEST, LONGEST = 10, 1_000
_NOTICE = "Communication"
# Break the glass: http://terminology.hl7.org/ValueSet/v3-PurposeOfUse
PURPOSE = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "BTG"}


async def break_glass(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Open the record for the practitioner who asks; answer with Parameters: until, notice.

    Raises Invalid without a reason in words, Forbidden for anybody but a practitioner, NotFound
    and Gone where there is no such Patient.
    """
    type_, patient = key(context, target)
    reason = inputs(context, request, {"reason": "valueString"}).get("reason", "").strip()
    caller = context.caller
    if not caller.user.startswith("Practitioner/"):
        raise Forbidden("Only a practitioner may break the glass, with a token of his own.")
    context.allow(NAME, type_)
    if not SHORTEST <= len(reason) <= LONGEST:
        told = f"Say the reason in {SHORTEST} to {LONGEST} letters, in the parameter reason."
        raise Invalid(told, code="required")
    now = context.now()
    until = now + BREAK_GLASS_SECONDS * dates.SECOND
    notice = context.new_id()

    async def plan(transaction: Transaction) -> Sequence[Change]:
        await standing(transaction, type_, patient)
        await transaction.review(
            Review(notice, now, caller.user, caller.client, patient, reason, until)
        )
        return (_told(context, notice, patient, reason, until),)

    # What is written is the server's own: whoever asks has no right yet to write for the patient.
    await context.store.transact(Everything(), plan)
    parameters = [
        {"name": "until", "valueInstant": dates.instant(until)},
        {"name": "notice", "valueReference": {"reference": f"{_NOTICE}/{notice}"}},
    ]
    return FhirResponse(200, json.dump({"resourceType": "Parameters", "parameter": parameters}))


def _told(context: Context, identity: str, patient: str, reason: str, until: int) -> Change:
    """Give the Change of the patient's notice, from which the right to look follows."""
    user, whose = context.caller.user, {"reference": f"Patient/{patient}"}
    resource: dict[str, Any] = {
        "resourceType": _NOTICE,
        "status": "completed",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/communication-category",
                        "code": "notification",
                    }
                ]
            }
        ],
        "priority": "urgent",
        "subject": whose,
        "recipient": [whose],
        "sender": {"reference": user},
        "sent": dates.instant(context.now()),
        "reasonCode": [{"coding": [PURPOSE]}],
        "payload": [
            {
                "contentString": f"Hồ sơ được mở khẩn cấp, đến {dates.instant(until)}. "
                f"Opened in an emergency, until then. Lý do / reason: {reason}"
            }
        ],
    }
    whole = built(context, _NOTICE, resource)
    made = change(context, _NOTICE, identity, whole, method="create", must_not_exist=True)
    held = Relation(user, patient, until, "break-glass")
    return structs.replace(made, fields={**made.fields, CARE_FIELD: [held.field]}, integrity=False)


OPERATION = Operation(
    name=NAME[1:],
    level="instance",
    handler=break_glass,
    definition="http://fhir-server.vn/OperationDefinition/patient-break-glass",
    types=("Patient",),
    affects_state=True,
    documentation="Opens a patient's record in an emergency, for 15 minutes; it is reviewed.",
)
