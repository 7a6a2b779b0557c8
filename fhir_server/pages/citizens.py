"""Which Patient a citizen is: the one, and only one, with the citizen's number."""

import re

from fhir_server.access.caller import Caller
from fhir_server.base import Base
from fhir_server.fhir import json
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.dispatch import dispatch
from fhir_server.pages.site import PatientOf

_NUMBER = re.compile(r"[0-9A-Za-z]{6,32}")
# It finds an id and gives nothing else of the record to anybody.
_FINDER = Caller("citizens", unrestricted=True)


def patient_of(base: Base, system: str) -> PatientOf:
    """Give what finds the Patient with a number of this identifier system.

    None where there is none, or several: records of one person that are still to be merged, or a
    number written into a stranger's. https://hl7.org/fhir/R4/patient.html#Patient.identifier
    """
    context = base.context.but(caller=_FINDER)

    async def found(number: str) -> str | None:
        if not _NUMBER.fullmatch(number):
            return None
        asked = (
            ("identifier", f"{system}|{number}"),
            ("active:not", "false"),
            ("_count", "2"),
            ("_elements", "id"),
        )
        answer = await dispatch(base.routes, context, FhirRequest("GET", "Patient", asked))
        entries = json.parse_object(answer.body).get("entry", [])
        ids = [one["resource"]["id"] for one in entries if one["search"]["mode"] == "match"]
        return ids[0] if len(ids) == 1 else None

    return found
