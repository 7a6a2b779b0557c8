"""How a certificate ends: in the status list, in the log, and with its document in one transaction.

List and log are told first: whoever checks in between is told "not valid", never the other way.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from extensions.judicial_record.certificate.forms import TYPE
from extensions.judicial_record.certificate.papers import DOCUMENT_STATUS, logged
from extensions.judicial_record.office import Office
from extensions.judicial_record.proof import status_list
from extensions.judicial_record.proof.status_list import Place
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import json
from fhir_server.fhir.errors import Forbidden, NotFound
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

Json = dict[str, Any]


async def signers(office: Office, context: Context, id_: str) -> Json:
    """Give a certificate as `own`; Forbidden for who does not sign for the body."""
    told = await own(context, id_)
    issuer = told["issuer"]["reference"].removeprefix("Organization/")
    office.check_signs(issuer, context.caller.user)
    return told


async def own(context: Context, id_: str) -> Json:
    """Give a certificate an officer's own body issued; NotFound for any other."""
    stored = await context.store.read(OFFICE, TYPE, id_)
    told = _resource(stored)
    issuer = told.get("issuer", {}).get("reference", "").removeprefix("Organization/")
    if not told or issuer not in context.caller.organisations:
        raise NotFound(f"There is no {TYPE}/{id_[:64]}.")
    if not context.caller.user.startswith("Practitioner/"):
        raise Forbidden("An officer of the issuer does this.")
    return told


async def announced(office: Office, certificate: Json, status: int, what: str) -> None:
    """Tell list and log that a certificate ends; the same again changes nothing."""
    await asyncio.to_thread(_announced, office, certificate, status, what)


async def ended(
    context: Context, transaction: Transaction, id_: str, new: Callable[[Json], Json]
) -> list[Change]:
    """Give the Changes that put what `new` makes of a certificate in its place, and its documents'.

    No Change where `new` changes nothing.
    """
    stored = await transaction.read(TYPE, id_)
    before = _resource(stored)
    told = new(before)
    if told == before:
        return []
    made = [_update(context, stored, told)]
    status, doc_status = DOCUMENT_STATUS[told["status"]]
    for one in told.get("document", ()):
        type_, _, document = one["reference"].partition("/")
        kept = await transaction.read(type_, document)
        if kept is not None:
            ends = {"status": status, "docStatus": doc_status}
            made.append(_update(context, kept, {**_resource(kept), **ends}))
    return made


def _announced(office: Office, certificate: Json, status: int, what: str) -> None:
    shard = certificate["verification"]["statusList"].rpartition("/")[2]
    place = Place(shard, certificate["verification"]["statusIndex"])
    status_list.set_status(office.records, place, status)
    # Should the process have ended between its commit and the log.
    logged(office, "issued", certificate)
    logged(office, what, certificate)


def _update(context: Context, stored: Stored | None, told: Json) -> Change:
    assert stored is not None, "a certificate is never deleted"
    whole = built(context, stored.type, told)
    made = change(context, stored.type, stored.id, whole, method="update", expected=stored.version)
    return of_the_server(made)


def _resource(stored: Stored | None) -> Json:
    return json.parse_object(stored.body) if stored and stored.body else {}
