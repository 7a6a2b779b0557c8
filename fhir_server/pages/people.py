"""Whose record an app may be given: one's own, a ward's, that of a patient in one's care.

A person is shown only as the reader may see them: by the same road as every FHIR request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Unavailable
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.dispatch import dispatch
from fhir_server.oauth.users import User
from fhir_server.pages.visit import Visit

_NUMBER = 32
# https://hl7.org/fhir/R4/datatypes.html#id
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """A Patient as shown to choose from: `born` is a FHIR date, "" where unknown."""

    id: str
    name: str
    born: str = ""


async def choices(visit: Visit) -> list[Person]:
    """Give the people whose record is the reader's to share: himself first."""
    user = visit.signed_in.user
    own = [user.fhir_user.removeprefix("Patient/")] if user.fhir_user.startswith("Patient/") else []
    ids = dict.fromkeys([*own, *await wards(visit)])
    return [person for one in ids if (person := await reached(visit, one))]


async def wards(visit: Visit) -> list[str]:
    """Give the ids of the Patients the reader stands in for today."""
    del visit
    return []


async def found(visit: Visit, number: str) -> Person | None:
    """Give the patient of this citizen number if the reader may see them; else None, told alike."""
    if not 0 < len(number) <= _NUMBER:
        return None
    patient = await visit.site.patient_of(number)
    return await reached(visit, patient) if patient else None


async def reached(visit: Visit, patient: str) -> Person | None:
    """Give a Patient as the reader may see them; None where they may not, or there is none."""
    if not _ID.fullmatch(patient):
        return None
    base = visit.site.base
    context = replace(base.context, caller=reader(visit.signed_in.user, patient))
    try:
        answer = await dispatch(base.routes, context, FhirRequest("GET", f"Patient/{patient}"))
    except Unavailable:
        raise
    except FhirError:
        return None
    return _person(json.parse_object(answer.body))


def reader(user: User, patient: str) -> Caller:
    """Give who looks at a patient on these pages: the user, by what a user may."""
    return Caller(
        name=f"pages/{user.sub}",
        client="pages",
        user=user.fhir_user,
        scopes=("patient/Patient.rs", "patient/AuditEvent.rs", "user/Patient.rs"),
        patient=patient,
        organisations=tuple(user.organisations),
    )


def _person(patient: Mapping[str, Any]) -> Person:
    names = [one for one in patient.get("name", ()) if isinstance(one, dict)]
    official = [one for one in names if one.get("use") == "official"]
    name = next(iter([*official, *names]), {})
    parts = [name.get("family", ""), *name.get("given", ())]
    written = name.get("text") or " ".join(part for part in parts if part)
    return Person(patient["id"], written, patient.get("birthDate", ""))
