"""The bodies and officers of an office as resources: made when it opens, kept as configured."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from extensions.judicial_record.names import CODES
from extensions.judicial_record.office import Office
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import json
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
# Organization.type of a body that may ask: the words of the rules of law.
SYSTEM = f"{CODES}/receiving-body"
# More than a country has of either.
_MOST = 100_000


async def keep(context: Context, office: Office) -> None:
    """Store what differs from what is stored, in one transaction; several processes may.

    Who is no longer named is kept, not active: what names him stays readable.
    """
    wanted = list(resources(office))

    async def plan(transaction: Transaction) -> list[Change]:
        left = [one async for one in _left(transaction, wanted)]
        return [
            made
            for one in (*wanted, *left)
            if (made := await _changed(context, transaction, one)) is not None
        ]

    await context.store.transact(OFFICE, plan)


def resources(office: Office) -> Iterator[Json]:
    """Give an Organization for each body, a Practitioner for each officer."""
    for issuer in office.issuers.values():
        yield _organization(issuer.organisation, issuer.name)
        for officer in issuer.officers:
            yield {
                "resourceType": "Practitioner",
                "id": officer.id,
                "active": True,
                "name": [{"use": "official", "text": officer.name}],
                "qualification": [{"code": {"text": officer.title}}],
            }
    for body in office.bodies.values():
        kind = {"type": [{"coding": [{"system": SYSTEM, "code": body.kind}]}]}
        yield {**_organization(body.organisation, body.name), **kind}


async def _left(transaction: Transaction, wanted: Sequence[Json]) -> AsyncIterator[Json]:
    """Give who is stored and no longer named; nobody else makes resources of these types here."""
    named = {(one["resourceType"], one["id"]) for one in wanted}
    for type_ in ("Organization", "Practitioner"):
        for stored in await transaction.search(type_, OFFICE, _MOST):
            if stored.body and (type_, stored.id) not in named:
                yield {**json.parse_object(stored.body), "active": False}


def _organization(id_: str, name: str) -> Json:
    return {"resourceType": "Organization", "id": id_, "active": True, "name": name}


async def _changed(context: Context, transaction: Transaction, wanted: Json) -> Change | None:
    type_, id_ = wanted["resourceType"], wanted["id"]
    stored = await transaction.read(type_, id_)
    there = json.parse_object(stored.body) if stored and stored.body else None
    if there and {**there, "meta": None} == {**wanted, "meta": None}:
        return None
    whole = built(context, type_, wanted)
    version = stored.version if stored and there else None
    return of_the_server(change(context, type_, id_, whole, method="update", expected=version))
