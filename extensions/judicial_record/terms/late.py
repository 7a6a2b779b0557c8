"""A dossier that is late says so, and its holder gets a letter of apology; once for each dossier.

The draft circular of 17 April 2026 under Law 107/2025/QH15 asks for the letter. It tells what the
holder knows already, the same whether anything was found or not.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from msgspec import structs

from extensions.judicial_record.dossier import caller, task
from extensions.judicial_record.dossier.application import of_task, row
from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.names import LEGAL
from extensions.judicial_record.office import Office
from extensions.judicial_record.reaching import OFFICE
from extensions.judicial_record.terms.walk import RUNNING, dossiers, ends, resource
from fhir_server.fhir import dates
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
LETTER, LATE = "apology-letter", "late"
PAPER = f"{LEGAL}/CodeSystem/dossier-paper"


@dataclass(frozen=True, slots=True)
class Late:
    """How many dossiers are late now, and how many letters were written in this run."""

    late: int = 0
    letters: int = 0


async def late(context: Context, office: Office) -> Late:
    """Note every dossier whose term is over, and write its letter; again it changes nothing."""
    now, found, letters = office.clock(), 0, 0
    async for one in dossiers(context, OFFICE, RUNNING):
        if is_late(one.told, now):
            found += 1
            if not _written(one.told) and await _apologise(context, office, one.id, now):
                letters += 1
    return Late(found, letters)


def is_late(dossier: Json, now: int) -> bool:
    """Say whether a dossier's term is over and its clock runs; `now` in µs."""
    end = ends(dossier)
    return end is not None and now > end and dossier["status"] in RUNNING


def letter_id(dossier: str) -> str:
    """Give the id of the letter of a dossier."""
    return f"late-{dossier}"


def _written(dossier: Json) -> bool:
    return task.value_of(dossier, LETTER, "valueReference", "output") is not None


async def _apologise(context: Context, office: Office, id_: str, now: int) -> bool:
    made: list[Change] = []

    async def plan(transaction: Transaction) -> Sequence[Change]:
        made.clear()
        stored = await transaction.read("Task", id_)
        told = resource(stored)
        if stored is None or told is None or _written(told) or not is_late(told, now):
            return ()
        letter = change(
            context,
            "DocumentReference",
            letter_id(id_),
            built(context, "DocumentReference", _letter(office, told, now)),
            method="create",
            must_not_exist=True,
        )
        noted = built(context, "Task", _noted(told))
        one = change(context, "Task", id_, noted, method="update", expected=stored.version)
        own = structs.replace(of_the_server(letter), owner=caller.client(told))
        made.extend((own, of_the_server(one)))
        return made

    await context.store.transact(OFFICE, plan)
    return bool(made)


def _noted(dossier: Json) -> Json:
    letter = {"reference": f"DocumentReference/{letter_id(dossier['id'])}"}
    reason = {**task.coded(task.REASON, LATE), "text": "Quá hạn trả kết quả"}
    output = [*dossier.get("output", ()), row(LETTER, "valueReference", letter)]
    return {**dossier, "statusReason": reason, "output": output}


def _letter(office: Office, dossier: Json, now: int) -> Json:
    text = apology(office, dossier, now).encode()
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "language": "vi",
        "data": base64.b64encode(text).decode(),
        "title": "Thư xin lỗi",
        "creation": dates.instant(now),
    }
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": task.coded(PAPER, LETTER),
        "date": dates.instant(now),
        "content": [{"attachment": attachment}],
        "context": {
            "related": [dossier["for"], dossier["owner"], {"reference": f"Task/{dossier['id']}"}]
        },
    }


def apology(office: Office, dossier: Json, now: int) -> str:
    """Give the text of the letter, in Vietnamese."""
    start, end = task.started(dossier), ends(dossier)
    assert start is not None
    assert end is not None
    owner = dossier["owner"]["reference"].removeprefix("Organization/")
    issuer = office.issuers.get(owner)
    numbers = [
        one["value"] for one in dossier.get("identifier", ()) if one.get("system") == task.CODE
    ]
    return _template().substitute(
        issuer=issuer.name if issuer else "Cơ quan cấp Phiếu lý lịch tư pháp",
        name=of_task(dossier).snapshot["name"],
        code=next(iter(numbers), dossier["id"]),
        accepted=_day(day_of(start)),
        due=_day(day_of(end)),
        today=_day(day_of(now)),
    )


@cache
def _template() -> Template:
    return Template(Path(__file__).with_name("apology.txt").read_text("utf-8"))


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
