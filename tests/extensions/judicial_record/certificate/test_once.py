"""One certificate of one dossier: one number, one event in the log, nothing of what failed."""

import asyncio
from dataclasses import replace

from extensions.judicial_record.certificate import issue, numbers
from extensions.judicial_record.paper import rendering
from fhir_server.fhir import dates
from fhir_server.fhir.errors import Unprocessable
from tests.extensions.judicial_record.certificate.test_correct import (
    DECISION,
    RENAMED,
    issued,
    waiting,
)
from tests.extensions.judicial_record.people import ISSUER, TYPE


async def test_what_cannot_be_printed_takes_no_number(people, office, monkeypatch):
    app, clerk, signer = people
    at = await waiting(app, clerk, "099203000034")

    def fails(*_, **__):
        raise Unprocessable("A text of this certificate cannot be printed.")

    before = _taken(office)
    with monkeypatch.context() as patched:
        patched.setattr(rendering, "pdf", fails)
        await signer.do(f"{at}/$sign", status=422)
    assert _taken(office) == before
    assert office.records.get("issues", at.removeprefix("Task/")) is None
    await signer.do(f"{at}/$sign")
    assert _taken(office) == before + 1


def _taken(office):
    return len(office.records.find("numbers", {}))


async def test_corrections_at_once_are_one_number_and_one_event(people, office):
    app, clerk, signer = people
    _, old = await issued(app, clerk, signer, "099203000035")
    place = f"{TYPE}/{old['id']}"
    await clerk.do(f"{place}/$propose-correction", *DECISION, RENAMED)
    before, events = _taken(office), _events(office)
    again = (signer.do(f"{place}/$correct", status=None) for _ in range(6))
    answers = await asyncio.gather(*again)
    made = {one["id"] for one in answers if one["resourceType"] == TYPE}
    assert len(made) == 1
    assert {one["resourceType"] for one in answers} <= {TYPE, "OperationOutcome"}
    assert (_taken(office), _events(office)) == (before + 1, events + 1)


async def test_what_was_not_committed_is_not_in_the_log(people, office, monkeypatch):
    app, clerk, signer = people
    at = await waiting(app, clerk, "099203000036")
    events, before = _events(office), issue.officer

    async def another(context, reference):
        return {**await before(context, reference), "name": "LÃNH ĐẠO KHÁC"}

    def fails(*_):
        raise Unprocessable("Not now.")

    with monkeypatch.context() as patched:
        patched.setattr(issue, "officer", another)
        patched.setattr(issue, "changes", fails)
        await signer.do(f"{at}/$sign", status=422)
    assert _events(office) == events
    await signer.do(f"{at}/$sign")
    assert _events(office) == events + 1


def _events(office):
    return len([one for one in office.records.find("log_events", {}) if _issued(one)])


def _issued(row):
    return row["event"]["kind"] == "issued"


async def test_a_plan_of_long_ago_is_issued_now(office):
    first = issue.planned(office, "long-ago")
    later = replace(office, clock=lambda: office.clock() + issue._KEPT + 2 * dates.SECOND)
    second = issue.planned(later, "long-ago")
    assert second["certificate"] == first["certificate"]
    assert second["at"] - first["at"] >= issue._KEPT
    issuer = office.issuers[ISSUER]
    number = numbers.number(office.records, issuer, 2098, "long-ago")
    assert numbers.number(office.records, issuer, 2099, "long-ago") == number
