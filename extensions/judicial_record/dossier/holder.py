"""The persons of a dossier: holder and who applies for him, each a Person found or made once.

The id follows from a number by a keyed digest, so that two submissions at once make one Person.
What is stored of a person is never changed by an application: where the two differ, an officer
looks. Who is signed in applies with numbers that are his; what he types of himself is not kept as
if it were known, but for the number his id is the digest of.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.dossier.application import (
    CITIZEN,
    DOCUMENT,
    Application,
    known_by,
)
from extensions.judicial_record.dossier.desk import Desk
from fhir_server.fhir import json
from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Persons:
    """References to the holder and to who applies for him, empty where he does himself."""

    holder: str
    applicant: str
    made: Sequence[Change]


def person_id(desk: Desk, papers: Sequence[Json]) -> str:
    """Give the Person id of who has these papers: Identifiers whose type says which paper."""
    kind, number = known_by(papers)
    return desk.blind(f"person-{kind}", number)[:_DIGITS]


def names(desk: Desk, context: Context, application: Application) -> set[str]:
    """Give references to the persons an application may make."""
    papers = [application.all("identity-document")]
    if application.one("agent-role"):
        papers.append(application.all("agent-document"))
    made = {f"Person/{person_id(desk, one)}" for one in papers}
    return made | {context.caller.user} if context.caller.user else made


async def persons(
    desk: Desk, context: Context, transaction: Transaction, application: Application
) -> Persons:
    """Give the persons of an application, and the Changes that make those not there yet.

    Raises Forbidden where a person signed in applies with the number of somebody else.
    """
    agent = application.all("agent-document") if application.one("agent-role") else []
    holder, made = await _person(
        desk, context, transaction, _told(application), signed_in=not agent
    )
    if not agent:
        return Persons(holder, "", made)
    told = {
        "identifier": agent,
        "name": application.one("agent-name").upper(),
        "birthDate": application.one("agent-birth-date"),
    }
    applicant, more = await _person(desk, context, transaction, told, signed_in=True)
    return Persons(holder, applicant, [*made, *more] if applicant != holder else made)


async def differs(transaction: Transaction, person: str, snapshot: Json) -> bool:
    """Say whether the Person of this reference has another name or birth date, or lacks a paper."""
    told = await _stored(transaction, person.removeprefix("Person/")) or {}
    names = {one.get("text", "").upper() for one in told.get("name", ())}
    birth = told.get("birthDate", snapshot["birthDate"])
    papers = {one["number"] for one in snapshot["identityDocument"]}
    other = birth != snapshot["birthDate"] or (names and snapshot["name"] not in names)
    return bool(other or not papers <= _numbers(told))


async def _person(
    desk: Desk, context: Context, transaction: Transaction, told: Json, *, signed_in: bool
) -> tuple[str, list[Change]]:
    papers = told["identifier"]
    identity = person_id(desk, papers)
    kind, _, own = context.caller.user.partition("/")
    if kind == "Person":
        [first] = [one for one in papers if known_by([one]) == known_by(papers)][:1]
        told = {**told, "identifier": [first]}
        if signed_in or own == identity:
            stored = await _stored(transaction, own) or {}
            # The id is a digest of a number: who has the id has the number.
            proven = {known_by(papers)[1]} if own == identity else set()
            _check(papers, _numbers(stored) | proven)
            identity, told = own, {"identifier": [first]}
    if await transaction.read("Person", identity) is not None:
        return f"Person/{identity}", []
    return f"Person/{identity}", [_made(context, identity, told)]


def _check(papers: Sequence[Json], his: Collection[str]) -> None:
    """Raise Forbidden unless the number known by, and each citizen number, is among his."""
    told = (known_by([one]) for one in papers)
    needed = {known_by(papers)[1], *(number for kind, number in told if kind == CITIZEN)}
    if not needed <= {*his}:
        raise Forbidden(
            "The number of who applies is not yours. To apply for somebody else, say who you "
            "are in agent-role, agent-name and agent-document."
        )


def _numbers(person: Json) -> set[str]:
    return {one["value"] for one in person.get("identifier", ()) if "value" in one}


async def _stored(transaction: Transaction, identity: str) -> Json | None:
    stored = await transaction.read("Person", identity)
    return json.parse_object(stored.body) if stored and stored.body else None


def _told(application: Application) -> Json:
    snapshot = application.snapshot
    return {
        "identifier": application.all("identity-document"),
        "name": snapshot["name"],
        "gender": snapshot["gender"],
        "birthDate": snapshot["birthDate"],
    }


def _made(context: Context, identity: str, told: Json) -> Change:
    papers = [(known_by([one]), one) for one in told["identifier"]]
    person = {
        **{name: value for name, value in told.items() if value},
        "resourceType": "Person",
        "identifier": [{"type": _paper(one), "value": number} for (_, number), one in papers],
        "active": True,
    }
    if "name" in told:
        person["name"] = [{"text": told["name"]}]
    whole = built(context, "Person", person)
    made = change(context, "Person", identity, whole, method="create", must_not_exist=True)
    return of_the_server(made)


def _paper(one: Json) -> Json:
    return {"coding": [{"system": DOCUMENT, "code": one["type"]["coding"][0]["code"]}]}
