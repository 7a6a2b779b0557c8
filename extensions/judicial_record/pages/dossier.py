"""One dossier: what was asked for, where it stands, and a form for each thing that may be done."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from extensions.judicial_record.dossier import lifecycle, task
from extensions.judicial_record.dossier.application import ROWS, Row, name_of
from extensions.judicial_record.dossier.check import EXPUNGED, OWN
from extensions.judicial_record.office import Office
from extensions.judicial_record.pages import acts, inputs, queue
from extensions.judicial_record.pages.found import found
from fhir_server.fhir.errors import FhirError
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.fields import NOTHING
from fhir_server.pages.refusals import Refused
from fhir_server.pages.site import is_a
from fhir_server.pages.visit import Visit

Json = dict[str, Any]
CERTIFICATE = "JudicialRecordCertificate/"
_MOST = "100"


async def mine(visit: Visit) -> Answer:
    """Give the dossiers of who is signed in."""
    whose = ("subject", visit.signed_in.user.fhir_user)
    found = await acts.search(visit, "Task", whose, ("_count", _MOST))
    rows = [queue.row(visit, one) for one in found if task.is_dossier(one)]
    return Page("dossiers", {"rows": rows})


async def show(office: Office, visit: Visit) -> Answer:
    """Give the dossier."""
    return await _page(office, visit)


async def answer(office: Office, visit: Visit) -> Answer:
    """Do what a form of the page asks; what stands against it is told."""
    operation, id_ = visit.form.one("do"), visit.parts["id"]
    if operation not in acts.TAKES or not acts.offered(visit, operation):
        raise Refused(400, "refused.form")
    one, work = await _read(visit)
    rows, choices = acts.TAKES[operation], _choices(work)
    given = _receipt(one) if operation == "pay" else inputs.parameters(rows, visit.form, choices)
    try:
        await acts.act(visit, f"Task/{quote(id_)}/${operation}", given)
    except FhirError as error:
        return await _page(office, visit, error)
    return Goto(f"dossier/{quote(id_)}")


async def _page(office: Office, visit: Visit, error: FhirError | None = None) -> Page:
    one, work = await _read(visit)
    officer = is_a(visit.signed_in.user, "Practitioner")
    state = task.state_of(one, work)
    role = lifecycle.OFFICER if officer else lifecycle.HOLDER
    may = lifecycle.allowed(state, role, sample=office.sample)
    allowed = [name for name in may if name in acts.TAKES]
    # What was filled in is kept for the form it was sent with, and for no other.
    sent = visit.form.one("do") if error else ""
    told = {
        **queue.row(visit, one),
        "step": work and queue.state_name(visit, state) if officer else "",
        "values": values(one) if officer else [],
        "found": await asyncio.to_thread(found, office, _found(work)) if officer else [],
        "reason": one.get("statusReason", {}).get("text", ""),
        "reasons": [code["code"] for code in one.get("statusReason", {}).get("coding", ())],
        "fee": _fee(one),
        "certificate": _certificate(one),
        "acts": [
            _act(visit if name == sent else replace(visit, form=NOTHING), name, work)
            for name in allowed
            if acts.offered(visit, name)
        ],
        "problems": [issue.diagnostics for issue in error.issues] if error else [],
    }
    return Page("dossier", told, error.status if error else 200)


async def _read(visit: Visit) -> tuple[Json, Json | None]:
    """Give the dossier, and to an officer the work on it."""
    id_ = visit.parts["id"]
    one = await acts.read(visit, f"Task/{quote(id_)}")
    if not task.is_dossier(one):
        raise Refused(404, "refused.nothing")
    if not is_a(visit.signed_in.user, "Practitioner"):
        return one, None
    if task.code_of(one.get("businessStatus")) != "4":
        return one, None
    return one, await acts.read(visit, f"Task/{task.work_id(quote(id_))}")


def _act(visit: Visit, name: str, work: Json | None) -> Mapping[str, Any]:
    return {"name": name, "inputs": inputs.inputs(acts.TAKES[name], visit.form, _choices(work))}


def _choices(work: Json | None) -> Mapping[str, Sequence[str]]:
    """Give the source records an officer may choose among."""
    records = _found(work)
    return {OWN: records, EXPUNGED: records}


def _found(work: Json | None) -> list[str]:
    rows = (work or {}).get("output", ())
    return [one["valueString"] for one in rows if name_of(one) == task.RECORD]


def values(one: Json, table: Mapping[str, Row] = ROWS) -> list[tuple[str, str]]:
    """Give what was applied for, by the names of the table, as plain text."""
    rows = [(name_of(row), row) for row in one.get("input", ())]
    known = [(name, row[table[name].property]) for name, row in rows if name in table]
    return [(name, _plain(value)) for name, value in known]


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        told = (value.get(name) for name in ("text", "value", "title"))
        period = value.get("period", value)
        dates = [str(period[name]) for name in ("start", "end") if name in period]
        return " · ".join([*(str(one) for one in told if one), *dates])
    return str(value)


def _fee(one: Json) -> str:
    money = task.value_of(one, "fee", "valueMoney") or {}
    return str(money.get("value", ""))


def _receipt(one: Json) -> list[Json]:
    """Give the receipt the stub of a payment makes; the same one each time."""
    return [
        {"name": "receipt-number", "valueString": f"STUB-{one['id']}"},
        {"name": "receipt-unit", "valueString": "Thanh toán thử nghiệm"},
        {"name": "receipt-account", "valueString": "0"},
        {"name": "amount", "valueMoney": task.value_of(one, "fee", "valueMoney")},
    ]


def _certificate(one: Json) -> str:
    """Give the id of the certificate the dossier ended in; "" before."""
    references = (
        row.get("valueReference", {}).get("reference", "") for row in one.get("output", ())
    )
    found = [name for name in references if name.startswith(CERTIFICATE)]
    return found[-1].removeprefix(CERTIFICATE) if found else ""
