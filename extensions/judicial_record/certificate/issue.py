"""Issuing: from a dossier about to be signed to a certificate, its page, its place in list and log.

Every choice is made once for a dossier and kept, or follows from its id, so that a signer who
comes again after a crash makes the same certificate. What is kept outside the dossier's own
transaction (number, place, code) is kept first: a certificate is never out without them. The log is
told after it, or it would tell of certificates that never were; should the process end in between,
of whoever needs the event first (`$correct` again, `$revoke`, `$log-proof`).
"""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from extensions.judicial_record.certificate import forms, numbers
from extensions.judicial_record.certificate.forms import TYPE, Wanted
from extensions.judicial_record.certificate.papers import Made, changes, logged, sealed, tried
from extensions.judicial_record.dossier import caller, check
from extensions.judicial_record.dossier import task as dossier
from extensions.judicial_record.dossier.application import name_of, of_task, row
from extensions.judicial_record.dossier.desk import Issued, Signing
from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.names import LEGAL
from extensions.judicial_record.office import ZONE, Office
from extensions.judicial_record.paper import qr
from extensions.judicial_record.proof import status_list
from extensions.judicial_record.proof.status_list import Place
from extensions.judicial_record.reaching import OFFICE
from extensions.judicial_record.sources import matching
from extensions.judicial_record.sources import records as sources
from extensions.judicial_record.verifying import lookup
from extensions.judicial_record.verifying.gate import Gate
from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import Unprocessable
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built

KINDS: Mapping[str, Sequence[str]] = {"issues": (), **numbers.KINDS}
Json = dict[str, Any]
_IDENTIFIERS = f"{LEGAL}/CodeSystem/certificate-identifier-type"
# How long a signer may come again to what was begun, in µs; later it is issued later.
_KEPT = 60 * dates.MINUTE
_NUMBER = f"{LEGAL}/sid/certificate-number"


async def issue(gate: Gate, context: Context, at_hand: Signing) -> Issued:
    """Give what is committed with the signed dossier.

    Raises Unprocessable, naming the invariant, where the form cannot be made of the records, and
    Conflict where the source records changed since an officer checked them.
    """
    made = await sealed_of(gate, context, at_hand, at_hand.task["id"])
    told = {"reference": f"{TYPE}/{made.certificate['id']}"}
    client = caller.client(at_hand.task)
    rows = [row("certificate", "valueReference", told)]
    return Issued(
        changes(context, made, client), rows, partial(announced, gate.office, made.certificate)
    )


async def announced(office: Office, certificate: Json) -> None:
    """Tell the log of a certificate that was committed; the same again changes nothing."""
    await asyncio.to_thread(logged, office, "issued", certificate)


async def sealed_of(
    gate: Gate, context: Context, at_hand: Signing, owner: str, more: Mapping[str, Any] = {}
) -> Made:
    """Give the sealed certificate of a dossier at hand, for an `owner` that has one only.

    `more` are elements beside those of the form. Raises as `issue`.
    """
    prepared = at_hand.work.get("requester", {}).get("reference", "")
    told = {
        **more,
        "preparedBy": await officer(context, prepared),
        "signedBy": await officer(context, at_hand.signer),
    }
    built(context, TYPE, await asyncio.to_thread(_draft, gate.office, at_hand, told))
    return await asyncio.to_thread(_made, gate, at_hand, owner, told)


async def officer(context: Context, reference: str) -> Json:
    """Give an officer as a certificate names him: name, title, and who he is here."""
    type_, _, id_ = reference.partition("/")
    stored = await context.store.read(OFFICE, type_, id_) if type_ == "Practitioner" else None
    told = json.parse_object(stored.body) if stored and stored.body else {}
    name = next((one["text"] for one in told.get("name", ()) if "text" in one), "")
    titles = (one.get("code", {}).get("text") for one in told.get("qualification", ()))
    title = next((one for one in titles if one), "")
    if not name:
        raise Unprocessable("The officer's Practitioner has no name.text.", expression=reference)
    return {"name": name, **({"title": title} if title else {}), "who": {"reference": reference}}


def _draft(office: Office, at_hand: Signing, more: Json) -> Json:
    """Give the certificate as it would be now: what cannot be made has no time and no number."""
    check.unchanged(at_hand.work, matching.check(office, of_task(at_hand.task).snapshot))
    body = {**_frozen(office, at_hand, office.clock()), **more}
    plan, organisation = {"certificate": "draft", "at": office.clock()}, _organisation(at_hand)
    value = office.issuers[organisation].number.format(n=0, year=_at(plan).year)
    draft = _whole(office, body, plan, organisation, (value, Place(f"{organisation}-0", 0)))
    tried(office, draft)
    return draft


def _made(gate: Gate, at_hand: Signing, owner: str, more: Json) -> Made:
    office = gate.office
    plan = planned(office, owner)
    body = {**_frozen(office, at_hand, plan["at"]), **more}
    made = sealed(office, numbered(office, body, plan, _organisation(at_hand)))
    lookup.register(gate, made.certificate)
    return made


def _organisation(at_hand: Signing) -> str:
    return str(at_hand.task["owner"]["reference"].removeprefix("Organization/"))


def planned(office: Office, owner: str) -> Mapping[str, Any]:
    """Give the certificate of an owner (a dossier, a correction), and when it was first signed.

    In whole seconds, as µs; anew after an hour, as the records are read anew too.
    """
    at = office.clock() // dates.SECOND * dates.SECOND
    office.records.insert("issues", {"_id": owner, "certificate": str(uuid.uuid4()), "at": at})
    while True:
        plan = office.records.get("issues", owner)
        assert plan is not None, "a plan is never removed"
        if at - plan["at"] <= _KEPT:
            return plan
        office.records.change("issues", {"_id": owner, "at": plan["at"]}, {"at": at})


def numbered(office: Office, body: Json, plan: Mapping[str, Any], organisation: str) -> Json:
    """Give a frozen body with its number, issuer, time of issue and where it is checked."""
    id_, issuer = plan["certificate"], office.issuers[organisation]
    place = status_list.allocate(office.records, organisation, id_)
    value = numbers.number(office.records, issuer, _at(plan).year, id_)
    return _whole(office, body, plan, organisation, (value, place))


def _at(plan: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(plan["at"] / dates.SECOND, UTC).astimezone(ZONE)


def _whole(
    office: Office,
    body: Json,
    plan: Mapping[str, Any],
    organisation: str,
    unique: tuple[str, Place],
) -> Json:
    id_, issuer = plan["certificate"], office.issuers[organisation]
    value, place = unique
    # Nobody can guess it, and it need not be kept anywhere in the clear.
    code = office.encryption.blind("verification-code-of", id_)
    return {
        **body,
        "id": id_,
        "status": "issued",
        "identifier": [identifier("certificate-number", _NUMBER, value), *body["identifier"]],
        "issuer": {"reference": f"Organization/{organisation}", "display": issuer.name},
        "issued": forms.instant(plan["at"]),
        "document": [{"reference": f"DocumentReference/{id_}"}],
        "verification": {
            "code": code,
            "url": qr.link(office.public_url, code),
            "statusList": f"{office.public_url}/status/{place.shard}",
            "statusIndex": place.index,
        },
    }


def identifier(type_: str, system: str, value: str) -> Json:
    """Give one identifier of a certificate."""
    coding = {"system": _IDENTIFIERS, "code": type_}
    return {"type": {"coding": [coding]}, "system": system, "value": value}


def _frozen(office: Office, at_hand: Signing, at: int) -> Json:
    task, application = at_hand.task, of_task(at_hand.task)
    day = day_of(at)
    agent = application.agent
    wanted = Wanted(
        form=application.form,
        identifier=[_dossier_code(task)],
        regime=office.law.regime(day),
        subject=task["for"]["reference"],
        snapshot=application.snapshot,
        requester=task["for"]["reference"],
        purpose=application.purpose,
        prohibition_info=application.prohibition_info,
        request=f"Task/{task['id']}",
        agent=[agent] if agent else [],
        legal_basis=application.legal_basis,
        medium=("electronic", "paper") if application.on_paper else ("electronic",),
        copies=application.copies if application.on_paper else 0,
        minimum_age=int(office.law.rule("age", day).value),
    )
    convictions, prohibitions = _records(office, at_hand, day.isoformat())
    return forms.frozen(wanted, as_of=at, convictions=convictions, prohibitions=prohibitions)


def _records(office: Office, at_hand: Signing, day: str) -> tuple[list[Json], list[Json]]:
    """Give the convictions and bans an officer said are the holder's; his word ends a record."""
    told = at_hand.work.get("output", ())
    own, expunged = (
        [one["valueString"] for one in told if name_of(one) == name]
        for name in ("record", "expunged")
    )
    kinds = {one: sources.kind(office, one) for one in own}
    decided = {"expungement": {"basis": "automatic", "verifiedOn": day}}
    convictions = [
        {**(decided if one["id"] in expunged else {}), **one}
        for one in sources.of(office, [one for one in own if kinds[one] == "conviction"])
    ]
    banned = [one for one in own if kinds[one] == "prohibition"]
    return convictions, sources.prohibitions(office, banned)


def _dossier_code(task: Json) -> Json:
    for one in task.get("identifier", ()):
        if one.get("system") == dossier.CODE:
            return identifier("dossier-code", dossier.CODE, one["value"])
    raise Unprocessable("The dossier has no code.", expression="Task.identifier")
