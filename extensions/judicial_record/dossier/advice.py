"""The operation `$expungement-check`: may a conviction that was found count no more? An advisory.

For officers of the dossier's owner alone; nothing is written, and an officer decides (`$propose`).
Penal Code 2015, articles 69 to 73 and 107: law/expungement.py.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from extensions.judicial_record.dossier import road, task
from extensions.judicial_record.dossier.application import name_of
from extensions.judicial_record.dossier.desk import Desk
from extensions.judicial_record.dossier.lifecycle import OFFICER
from extensions.judicial_record.dossier.words import word, words
from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.law.expungement import Advice, advise
from extensions.judicial_record.names import DEFINITION
from fhir_server.fhir import json
from fhir_server.fhir.errors import Conflict, Forbidden
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation

Json = dict[str, Any]
# Ids of source records → the convictions among them, as source records.
Convictions = Callable[[Sequence[str]], Sequence[Json]]
# What an officer knows beside the records: the facts of the rules of kind `expungement`.
FACTS = (
    word("offender", "code", codes=("adult", "under-18", "under-16")),
    word("chapter", "code", codes=("other", "XIII", "XXVI")),
    word("fault", "code", codes=("intentional", "unintentional")),
    word(
        "gravity",
        "code",
        codes=("less-serious", "serious", "very-serious", "extremely-serious"),
    ),
    word("outcome", "code", codes=("punished", "exempted", "judicial-measure")),
)
_RECORD = word("record", "string", longest=64)


async def check(
    desk: Desk, convictions: Convictions, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Answer with what the law of today says of each conviction found, or of one.

    Raises NotFound for a dossier of others, Forbidden for who is no officer, Conflict where the
    sources were not checked.
    """
    given = await road.parameters(context, request)
    told = words(given, (_RECORD, *FACTS), "")
    dossier = await road.standing(desk, context, road.identity(target))
    if dossier.role != OFFICER:
        raise Forbidden("$expungement-check is for officers alone.")
    if dossier.work is None:
        raise Conflict("Check the sources first ($check-sources).")
    rows = dossier.work.get("output", ())
    found = [one["valueString"] for one in rows if name_of(one) == task.RECORD]
    known = await asyncio.to_thread(convictions, found)
    facts = {one.name: told[one.name][0] for one in FACTS if told[one.name]}
    law, today = desk.office.law, day_of(desk.office.clock())
    parts = [
        _part(one["id"], advise(law, one, today, [two for two in known if two != one], **facts))
        for one in known
        if one["id"] in (told["record"] or found)
    ]
    body = {"resourceType": "Parameters", **({"parameter": parts} if parts else {})}
    return FhirResponse(200, json.dump(body), [("Cache-Control", "no-store")])


def _part(id_: str, advice: Advice) -> Json:
    earliest = advice.earliest.isoformat() if advice.earliest else ""
    rows: list[Json] = [
        {"name": "record", "valueString": id_},
        {"name": "outcome", "valueCode": advice.outcome},
        {"name": "earliest", "valueDate": earliest},
        {"name": "basis", "valueCode": advice.basis},
        *({"name": "missing", "valueString": one} for one in advice.missing),
        *({"name": "verify", "valueString": one} for one in advice.verify),
        *({"name": "rule", "valueUri": f"{task.RULE}/{one}"} for one in advice.rules),
        {"name": "draft", "valueBoolean": advice.draft},
    ]
    return {"name": "advice", "part": [one for one in rows if "" not in one.values()]}


def operation(desk: Desk, convictions: Convictions) -> Operation:
    """Give the operation of an issuing system."""
    return Operation(
        name="expungement-check",
        level="instance",
        handler=partial(check, desk, convictions),
        definition=f"{DEFINITION}/task-expungement-check",
        types=("Task",),
        methods=("POST",),
        documentation="Says what the law says of the convictions found; for officers, an advisory.",
    )
