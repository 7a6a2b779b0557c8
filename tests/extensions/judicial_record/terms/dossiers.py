"""Dossiers as they stand in a store: accepted at a time, under a rule, at a step of the work."""

from datetime import date

from extensions.judicial_record.dossier import task
from extensions.judicial_record.dossier.application import row
from extensions.judicial_record.law import days, policy
from extensions.judicial_record.law.days import start_of
from extensions.judicial_record.law.deadlines import HOUR, due
from extensions.judicial_record.office import Issuer
from fhir_server.access.caller import ANYONE_ON_LOOPBACK
from fhir_server.fhir import dates, json
from fhir_server.interactions.context import Context
from fhir_server.interactions.current import Current
from fhir_server.interactions.write import built, change
from fhir_server.search.condition import Everything
from tests.client import BASE_URL, ZONE
from tests.extensions.judicial_record.offices import office as office_of

# Friday 3 July 2026, noon; five working days end with Friday 10.
ACCEPTED = start_of(date(2026, 7, 3)) + 12 * HOUR
DUE = date(2026, 7, 10)
ALL = Everything()


def at(year, month, day, hour=12):
    return start_of(date(year, month, day)) + hour * HOUR


def office(now=ACCEPTED, known=None):
    issuers = {"police": Issuer("police", "Công an thử nghiệm", "Tỉnh 99", "{n}")}
    return office_of(issuers=issuers, clock=lambda: now, days=known or days.loaded())


def context(store, spec, caller=ANYONE_ON_LOOPBACK):
    return Context(Current(spec), store, BASE_URL, ZONE, b"key", caller, 0)


def dossier(id_, *, state="2", accepted=ACCEPTED, owner="police", pauses=()):
    """Give the Task of a dossier; `accepted` None: it never was."""
    told = {
        "resourceType": "Task",
        "id": id_,
        "identifier": [{"system": task.CODE, "value": f"99-{id_}"}],
        "intent": "order",
        "code": task.coded(task.KIND, task.ISSUE),
        "for": {"reference": "Person/holder"},
        "owner": {"reference": f"Organization/{owner}"},
        "authoredOn": dates.instant((accepted or ACCEPTED) - HOUR),
        "input": [row("name", "valueString", "TRẦN THỊ MẪU")],
    }
    for begun, end in pauses:
        period = {"start": dates.instant(begun)} | ({"end": dates.instant(end)} if end else {})
        told = task.put(told, task.PAUSE, "valuePeriod", period)
    if accepted is not None:
        rule = policy.loaded().by_key("sla-2025|1")
        end = due(accepted, rule, days.loaded(), task.pauses(told))
        told = task.termed(told, accepted, end, rule)
    return task.moved(told, state, accepted or ACCEPTED)


def worked(told, state, lane, when):
    """Give the Task of a dossier's work, last changed `when`."""
    output = [row(task.LANE, "valueCode", lane)]
    term = {name: told[name] for name in ("restriction", "instantiatesUri")}
    return task.worked(told, None, state, when, more={"output": output, **term})


async def put(where, *tasks):
    """Store Tasks; a work gets the id that belongs to its dossier."""
    changes = []
    for told in tasks:
        id_ = told.get("id") or task.work_id(told["partOf"][0]["reference"].partition("/")[2])
        whole = built(where, "Task", told)
        changes.append(change(where, "Task", id_, whole, method="create"))
    await where.store.commit(ALL, changes)


async def read(where, id_, type_="Task"):
    """Give a stored resource; None for one that is not there."""
    stored = await where.store.read(ALL, type_, id_)
    return json.parse_object(stored.body) if stored else None
