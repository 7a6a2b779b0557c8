"""The operation `$propose-correction`: an officer says what of a certificate is to be corrected.

Law 28/2009/QH12, article 50. The proposal is a Task of the issuer's officers alone; another officer
signs it (`$correct`). Until then a new proposal takes its place.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from extensions.judicial_record.certificate import ending
from extensions.judicial_record.certificate.forms import TYPE
from extensions.judicial_record.dossier import check, record, road, task
from extensions.judicial_record.dossier.application import ROWS, name_of, of_task, row
from extensions.judicial_record.dossier.check import EXPUNGED, OWN, PROPOSAL
from extensions.judicial_record.dossier.desk import Desk, Match
from extensions.judicial_record.dossier.lifecycle import OFFICER
from extensions.judicial_record.dossier.words import word, words
from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import dates
from fhir_server.fhir.errors import Conflict, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
OPEN, DONE = "requested", "completed"
_IDENTITY: Final = (
    *("name", "other-name", "gender", "birth-date", "birth-place", "nationality"),
    *("identity-document", "permanent-address", "temporary-address"),
    *(f"{one}-{what}" for one in ("father", "mother", "spouse") for what in ("name", "birth-year")),
)
RECORDS = "records"
# What takes the place of what was applied for and proposed; what is not told stays.
TAKES = (
    word("decision-number", "string", 1, longest=64),
    word("decision-date", "date", 1, check="past"),
    word("reason", "string", 1, longest=2000),
    *(replace(ROWS[name], min=0) for name in _IDENTITY),
    word(RECORDS, "boolean"),
    *PROPOSAL,
)


def task_id(certificate: str) -> str:
    """Give the id of the Task that holds what is proposed for a certificate."""
    return f"correction-{certificate}"


async def propose(
    desk: Desk, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Keep what is to be corrected; answer with the Task.

    Raises NotFound for a certificate of others, Conflict for one that is not in force,
    Unprocessable for a record that the sources do not hold for the person as corrected, and where
    they hold some and nobody said which are his.
    """
    given = await road.parameters(context, request)
    told = words(given, TAKES, day_of(desk.office.clock()).isoformat())
    id_ = road.identity(target)
    certificate = await ending.own(context, id_)
    in_force(certificate)
    dossier = road.resource(await stored(context, certificate["request"]["reference"]))
    rows = [row(one.name, one.property, value) for one in TAKES for value in told[one.name]]
    match = await asyncio.to_thread(desk.check, of_task(corrected(dossier, rows)).snapshot)
    work = await stored(context, f"Task/{task.work_id(dossier['id'])}")
    if told[RECORDS] != [True]:
        _none(road.resource(work), match)
    check.among(told[OWN], (*match.records, *match.prohibitions))
    check.among(told[EXPUNGED], told[OWN])
    made = await _kept(desk, context, certificate, [*rows, *check.found(match.kind, match)])
    return road.answer(made)


async def _kept(desk: Desk, context: Context, certificate: Json, rows: Sequence[Json]) -> Any:
    id_, now = task_id(certificate["id"]), desk.office.clock()

    async def plan(transaction: Transaction) -> list[Change]:
        before = await transaction.read("Task", id_)
        proposal = {
            "resourceType": "Task",
            "status": OPEN,
            "intent": "order",
            "code": task.coded(task.KIND, task.CORRECTION),
            "focus": {"reference": f"{TYPE}/{certificate['id']}"},
            # Whom it is about; with `for` it would be among the holder's own Tasks.
            "reasonReference": {"reference": certificate["subject"]["reference"]},
            "authoredOn": dates.instant(now),
            "lastModified": dates.instant(now),
            "requester": {"reference": context.caller.user},
            "owner": {"reference": certificate["issuer"]["reference"]},
            "input": list(rows),
        }
        made = road.update(context, id_, proposal, before.version if before else None)
        whom = [f"Task/{id_}"]
        return [made, record.of(context, "propose-correction", OFFICER, whom, now=now)]

    return (await context.store.transact(OFFICE, plan))[0]


async def stored(context: Context, reference: str) -> Any:
    """Give the stored Task of a reference; Conflict where there is none."""
    found = await context.store.read(OFFICE, "Task", reference.removeprefix("Task/"))
    if found is None or found.body is None:
        raise Conflict(f"{reference} is not there: propose the correction first.")
    return found


def in_force(certificate: Json) -> None:
    """Raise Conflict for a certificate that is corrected or ended already."""
    if certificate["status"] != "issued":
        told = f"The certificate is {certificate['status']}: only one in force is corrected."
        raise Conflict(told, expression=f"{TYPE}.status")


def _none(work: Json, match: Match) -> None:
    """Raise Unprocessable unless nothing is found, as nothing was when the dossier was checked."""
    if match.kind != "clean" or check.recorded(work):
        raise Unprocessable(
            "The source records hold something for this person: send records = true, and name as "
            "record those that are the holder's, none where none is.",
            code="required",
            expression="Parameters.parameter.where(name='records')",
        )


def corrected(dossier: Json, rows: Sequence[Json]) -> Json:
    """Give the dossier's Task with what the proposal says in place of what was applied for."""
    new = [one for one in rows if name_of(one) in _IDENTITY]
    names = {name_of(one) for one in new}
    kept = [one for one in dossier.get("input", ()) if name_of(one) not in names]
    return {**dossier, "input": [*kept, *new]}


def reviewed(work: Json, rows: Sequence[Json]) -> Json:
    """Give the work with what was found and named for the proposal in place of its own."""
    names = (OWN, EXPUNGED, task.LANE, task.RECORD)
    return {**work, "output": [one for one in rows if name_of(one) in names]}


def operation(desk: Desk) -> Operation:
    """Give the operation of an issuing system."""
    return Operation(
        name="propose-correction",
        level="instance",
        handler=partial(propose, desk),
        definition=f"{DEFINITION}/certificate-propose-correction",
        types=(TYPE,),
        affects_state=True,
        documentation="Says what of a certificate is to be corrected; another officer signs it.",
    )
