"""Organisations and practitioners a visit names: found by identifier, else made.

They are of the register: nobody's submission changes them, whoever named them first.

Two hospitals that name the same new practitioner at once make one: its id is made from the
identifier, and of two inserts of one id the database refuses the second.
"""

from collections.abc import Sequence

from msgspec import structs

from fhir_server.fhir import json
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, checked, of_the_server
from fhir_server.search.condition import AnyOf
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction
from mappings.mapping import Draft, Visit, draft_url, party_id, token


async def resolve(
    context: Context, transaction: Transaction, visit: Visit
) -> tuple[dict[str, str], Sequence[Change]]:
    """Map each party's draft URL to its `Type/id`; give the Changes of those that are new."""
    names: dict[str, str] = {}
    changes: list[Change] = []
    for type_, drafts in (
        ("Organization", visit.organizations),
        ("Practitioner", visit.practitioners),
    ):
        known = await _known(transaction, type_, drafts)
        for draft in drafts:
            number = _number(draft)
            if number not in known:
                known[number] = party_id(type_, number)
                resource = await checked(context, type_, draft.resource)
                new = change(context, type_, known[number], resource, method="create")
                changes.append(structs.replace(of_the_server(new), unheard=True))
            names[draft_url(visit.facility, visit.ma_lk, draft.key)] = f"{type_}/{known[number]}"
    return names, changes


def made_for(draft: Draft) -> str:
    """Give the `Type/id` of the party, where it was made for this number or has to be."""
    type_ = draft.resource["resourceType"]
    return f"{type_}/{party_id(type_, _number(draft))}"


async def _known(transaction: Transaction, type_: str, drafts: Sequence[Draft]) -> dict[str, str]:
    """Give number → id of the parties there are; of two with one number the first by id.

    One made for a number stays its party where the number was taken from it since.
    """
    numbers = tuple(map(_number, drafts))
    if not numbers:
        return {}
    found = await transaction.search(type_, AnyOf("x.identifier", numbers), 10 * len(numbers))
    known: dict[str, str] = {}
    for stored in found:
        for one in json.parse_object(stored.body or b"{}").get("identifier", ()):
            known.setdefault(f"{one.get('system', '')}|{one.get('value', '')}", stored.id)
    made = {party_id(type_, number): number for number in numbers if number not in known}
    if made:
        there = await transaction.search(type_, AnyOf("_id", tuple(made)), len(made))
        known |= {made[stored.id]: stored.id for stored in there}
    return known


def _number(draft: Draft) -> str:
    return token(draft.resource["identifier"][0])
