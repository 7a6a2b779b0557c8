"""One certificate: its holder's paper, passcodes and checks; officers correct it or revoke it."""

import base64
from typing import Any
from urllib.parse import quote

from extensions.judicial_record.certificate import correction
from extensions.judicial_record.dossier.application import ROWS
from extensions.judicial_record.pages import acts, dossier, inputs
from extensions.judicial_record.verifying import gate as gates
from extensions.judicial_record.verifying.gate import TYPE, Gate
from fhir_server.fhir.dates import SECOND, parse_instant
from fhir_server.fhir.errors import FhirError
from fhir_server.pages.answers import Answer, File, Goto, Page
from fhir_server.pages.fields import NOTHING, Fields
from fhir_server.pages.refusals import Refused
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import day, moment

Json = dict[str, Any]
PDF = "application/pdf"
PURPOSES = ROWS["purpose"].codes
_TAKES = {one.name: one for one in correction.TAKES}
# What officers do with a certificate, by forms of its page.
_ACTS = ("correct", "propose-correction", "revoke")


async def show(gate: Gate, visit: Visit) -> Answer:
    """Give the certificate's page."""
    return await _page(gate, visit)


async def answer(gate: Gate, visit: Visit) -> Answer:
    """Give the holder a passcode, shown this once; for officers, correct or revoke."""
    where, do = f"{TYPE}/{quote(visit.parts['id'])}", visit.form.one("do")
    if do not in ("passcode", *_ACTS) or not acts.offered(visit, do):
        raise Refused(400, "refused.form")
    if do == "passcode":
        given: list[Json] = [{"name": "purpose", "valueCode": visit.form.one("purpose")}]
    else:
        given = inputs.parameters(acts.TAKES[do], visit.form, {})
    try:
        told = await acts.act(visit, f"{where}/${do}", given)
    except FhirError as error:
        return await _page(gate, visit, error=error)
    if do in _ACTS:
        return Goto(f"certificate/{quote(visit.parts['id'])}")
    values = {one["name"]: one for one in told["parameter"]}
    until = parse_instant(values["until"]["valueInstant"]) / SECOND
    shown = moment(visit.language, until, visit.site.base.context.zone)
    return await _page(gate, visit, passcode=values["passcode"]["valueString"], until=shown)


async def paper(visit: Visit) -> Answer:
    """Give the signed PDF, to be kept."""
    certificate = await acts.read(visit, f"{TYPE}/{quote(visit.parts['id'])}")
    for one in certificate.get("document", ()):
        document = await acts.read(visit, one["reference"])
        for content in document.get("content", ()):
            attachment = content["attachment"]
            if attachment.get("contentType") == PDF:
                return File(await _bytes(visit, attachment), PDF, "phieu-ly-lich-tu-phap.pdf")
    raise Refused(404, "refused.nothing")


async def _bytes(visit: Visit, attachment: Json) -> bytes:
    if "data" in attachment:
        return base64.b64decode(attachment["data"])
    address = attachment["url"].removeprefix(f"{visit.site.base.context.base_url}/")
    if not address.startswith("Binary/"):
        raise Refused(404, "refused.nothing")
    return base64.b64decode((await acts.read(visit, address))["data"])


async def _page(gate: Gate, visit: Visit, error: FhirError | None = None, **more: Any) -> Page:
    id_, user = visit.parts["id"], visit.signed_in.user
    one = await acts.read(visit, f"{TYPE}/{quote(id_)}")
    own = one["subject"].get("reference") == user.fhir_user
    proposed = None if own else await _proposed(visit, id_)
    issued = one.get("issued", "")[: len("2026-01-01")]
    told = {
        "id": id_,
        "number": _number(one),
        "form": one["form"],
        "status": one["status"],
        "issued": day(visit.language, issued),
        "code": one.get("verification", {}).get("code", "") if own else "",
        "own": own,
        "purposes": PURPOSES if own and one["form"] == "form-1" else (),
        "checks": [_check(visit, row) for row in await gates.checks(gate, one)] if own else [],
        "acts": [] if own or one["status"] != "issued" else _acts(visit, proposed),
        "proposed": dossier.values(proposed, _TAKES) if proposed else [],
        "problems": [issue.diagnostics for issue in error.issues] if error else [],
        "passcode": "",
        "until": "",
    }
    return Page("certificate", told | more, error.status if error else 200)


async def _proposed(visit: Visit, id_: str) -> Json | None:
    """Give the correction that waits for its signer."""
    found = await acts.search(visit, "Task", ("_id", correction.task_id(id_)))
    return next((one for one in found if one["status"] == correction.OPEN), None)


def _acts(visit: Visit, proposed: Json | None) -> list[Json]:
    sent = visit.form.one("do")
    return [
        {"name": name, "inputs": inputs.inputs(acts.TAKES[name], _form(visit, name == sent), {})}
        for name in _ACTS
        if acts.offered(visit, name) and (name != "correct" or proposed)
    ]


def _form(visit: Visit, same: bool) -> Fields:  # noqa: FBT001 it says which form was sent
    """Give what was filled in, to the form it was sent with."""
    return visit.form if same else NOTHING


def _check(visit: Visit, row: Json) -> dict[str, Any]:
    when = moment(visit.language, row["ts"] / SECOND, visit.site.base.context.zone)
    names = ("kind", "by", "purpose", "basis", "case")
    return {"when": when, **{name: row.get(name, "") for name in names}}


def _number(certificate: Json) -> str:
    for one in certificate.get("identifier", ()):
        codes = [coding.get("code") for coding in one.get("type", {}).get("coding", ())]
        if "certificate-number" in codes:
            return str(one.get("value", ""))
    return ""
