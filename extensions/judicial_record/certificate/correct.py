"""The operation `$correct`: a corrected certificate takes the place of another, by two officers.

Law 28/2009/QH12, article 50. The new one names the old one under its signature (`replaces`); the
old one is superseded. Whoever prepared either of them does not sign the correction.
"""

from functools import partial
from typing import Any

from extensions.judicial_record.certificate import correction, ending, issue
from extensions.judicial_record.certificate.forms import TYPE
from extensions.judicial_record.certificate.papers import Made, changes
from extensions.judicial_record.dossier import caller, record, road, task
from extensions.judicial_record.dossier.application import row
from extensions.judicial_record.dossier.desk import Signing
from extensions.judicial_record.dossier.lifecycle import OFFICER
from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.proof import status_list
from extensions.judicial_record.reaching import OFFICE
from extensions.judicial_record.verifying.gate import Gate
from fhir_server.fhir import dates
from fhir_server.fhir.errors import Forbidden
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.inputs import inputs
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

Json = dict[str, Any]


async def correct(
    gate: Gate, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Sign what was proposed; answer with the new certificate, again with the same one.

    Raises NotFound for a certificate of others, Forbidden for who prepared it or does not sign for
    the body, Conflict where nothing is proposed, the certificate is not in force, or the source
    records changed since.
    """
    inputs(context, request, {})
    old = await ending.signers(gate.office, context, road.identity(target))
    if "replacedBy" in old:
        id_ = old["replacedBy"]["reference"].removeprefix(f"{TYPE}/")
        there = await context.store.read(OFFICE, TYPE, id_)
        assert there is not None, "it was made with the reference"
        await issue.announced(gate.office, road.resource(there))
        return road.answer(there)
    correction.in_force(old)
    proposed = await correction.stored(context, f"Task/{correction.task_id(old['id'])}")
    proposal = road.resource(proposed)
    prepared = {proposal["requester"]["reference"], old["preparedBy"]["who"]["reference"]}
    if context.caller.user in prepared:
        raise Forbidden("You prepared this: somebody else has to sign the correction.")
    dossier = await correction.stored(context, old["request"]["reference"])
    work = await correction.stored(context, f"Task/{task.work_id(dossier.id)}")
    rows = proposal["input"]
    at_hand = Signing(
        correction.corrected(road.resource(dossier), rows),
        {**correction.reviewed(road.resource(work), rows), "requester": proposal["requester"]},
        context.caller.user,
    )
    replaces = {"replaces": {"reference": f"{TYPE}/{old['id']}"}}
    owner = f"{proposed.id}/{proposed.version}"
    made = await issue.sealed_of(gate, context, at_hand, owner, replaces)
    await ending.announced(gate.office, old, status_list.SUPERSEDED, "superseded")
    committed = await _committed(gate, context, made, proposed)
    await issue.announced(gate.office, made.certificate)
    return road.answer(committed)


async def _committed(gate: Gate, context: Context, made: Made, proposed: Stored) -> Stored:
    now, new = gate.office.clock(), made.certificate
    reference = {"reference": f"{TYPE}/{new['id']}"}
    named = [row("certificate", "valueReference", reference)]
    old = new["replaces"]["reference"].removeprefix(f"{TYPE}/")

    def superseded(before: Json) -> Json:
        correction.in_force(before)
        return {**before, "status": "superseded", "replacedBy": reference}

    async def plan(transaction: Transaction) -> list[Change]:
        dossier = await transaction.read("Task", new["request"]["reference"].removeprefix("Task/"))
        assert dossier is not None, "a dossier is never deleted"
        told = road.resource(dossier)
        noted = task.moved(task.given(told, "output", named), task.state_of(told, None), now)
        proposal = task.given(road.resource(proposed), "output", named)
        done = {**proposal, "status": correction.DONE, "lastModified": dates.instant(now)}
        targets = [f"Task/{proposed.id}", f"Task/{dossier.id}", reference["reference"]]
        return [
            *changes(context, made, caller.client(told)),
            *await ending.ended(context, transaction, old, superseded),
            road.update(context, dossier.id, noted, dossier.version),
            road.update(context, proposed.id, done, proposed.version),
            record.of(context, "correct", OFFICER, targets, now=now),
        ]

    written = await context.store.transact(OFFICE, plan)
    return next(one for one in written if (one.type, one.id) == (TYPE, new["id"]))


def operation(gate: Gate) -> Operation:
    """Give the operation of an issuing system."""
    return Operation(
        name="correct",
        level="instance",
        handler=partial(correct, gate),
        definition=f"{DEFINITION}/certificate-correct",
        types=(TYPE,),
        affects_state=True,
        documentation="Signs a proposed correction: a new certificate takes the old one's place.",
    )
