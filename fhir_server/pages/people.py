"""Whose record an app may be given: one's own, a ward's, that of a patient in one's care.

A person is shown only as the reader may see them: by the same road as every FHIR request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Unavailable
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.authority import proxies
from fhir_server.interactions.dispatch import dispatch
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import day

# What the audit calls these pages: the client that asks.
OURS = "pages"
_SCOPES = tuple(
    f"{level}/{type_}.rs"
    for level in ("patient", "user")
    for type_ in ("Patient", "AuditEvent", "Practitioner", "Organization")
)
# https://hl7.org/fhir/R4/datatypes.html#id
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """A Patient as shown to choose from: `born` is a date as it is read, "" where unknown.

    `user` is the fhirUser the reader acts as for them: himself, or the RelatedPerson he is.
    """

    id: str
    name: str
    born: str = ""
    user: str = ""


async def choices(visit: Visit) -> list[Person]:
    """Give the people whose record is the reader's to share: himself first."""
    kind, _, own = visit.signed_in.user.fhir_user.partition("/")
    ids = dict.fromkeys([*([own] if kind == "Patient" else []), *await _wards(visit)])
    return [person for one in ids if (person := await reached(visit, one))]


async def found(visit: Visit, number: str) -> Person | None:
    """Give the patient of this citizen number if the reader may see them; else None, told alike."""
    patient = await visit.site.patient_of(number)
    return await reached(visit, patient) if patient else None


async def reached(visit: Visit, patient: str) -> Person | None:
    """Give a Patient as the reader may see them; None where they may not, or there is none."""
    if not _ID.fullmatch(patient):
        return None
    base, user = visit.site.base, await acting(visit, patient)
    context = base.context.but(caller=reader(visit, user, patient))
    try:
        answer = await dispatch(base.routes, context, FhirRequest("GET", f"Patient/{patient}"))
    except Unavailable:
        raise
    except FhirError:
        return None
    return _person(visit.language, json.parse_object(answer.body), user)


async def acting(visit: Visit, patient: str) -> str:
    """Give the fhirUser the reader is for a patient: of a ward the RelatedPerson he is."""
    return (await _wards(visit)).get(patient, visit.signed_in.user.fhir_user)


def reader(visit: Visit, user: str, patient: str) -> Caller:
    """Give who looks at a patient on these pages: the user, by what a user may."""
    own = visit.signed_in.user
    return Caller(
        name=f"pages/{own.sub}",
        client=OURS,
        user=user,
        scopes=_SCOPES,
        patient=patient,
        organisations=own.organisations if user == own.fhir_user else (),
    )


async def _wards(visit: Visit) -> Mapping[str, str]:
    """Give the ids of the Patients the reader stands for now, each with the RelatedPerson he is."""
    related = visit.signed_in.user.proxies
    return await proxies(visit.site.base.context, related) if related else {}


def _person(language: str, patient: Mapping[str, Any], user: str) -> Person:
    names = [one for one in patient.get("name", ()) if isinstance(one, dict)]
    official = [one for one in names if one.get("use") == "official"]
    name = next(iter([*official, *names]), {})
    parts = [name.get("family", ""), *name.get("given", ())]
    written = name.get("text") or " ".join(part for part in parts if part)
    return Person(patient["id"], written, day(language, patient.get("birthDate", "")), user)
