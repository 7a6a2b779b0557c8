"""What a request itself names: a resource, patients, and the question as it was asked."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Target

# Parameters that name the patient a search is about.
_PATIENT = frozenset({"patient", "subject", "patient:Patient", "subject:Patient"})
# A list of more is no question about a patient.
_MOST = 20
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_ALONE = frozenset({"read", "vread", "create", "update", "patch", "delete", "transaction"})


def instance(context: Context, target: Target) -> tuple[str, list[str]] | None:
    """Give the type and the id, in a list, of the resource the path names; None without one."""
    type_, identity = target.type or "", target.id or ""
    known = type_ in context.spec.types and _ID.fullmatch(identity)
    return (type_, [identity]) if known else None


def patients(request: FhirRequest, target: Target) -> list[str]:
    """Give the ids of the patients named in the path or by a search; none where there are many."""
    found = list(dict.fromkeys(one for one in _named(request, target) if _ID.fullmatch(one)))
    return found if len(found) <= _MOST else []


def query(code: str, request: FhirRequest) -> bytes:
    """Give the question as asked, `Observation?patient=1`; empty where the path says all."""
    if code in _ALONE and not request.parameters:
        return b""
    asked = f"{request.path}?{urlencode(request.parameters)}"
    return asked.removesuffix("?").encode("utf-8", "replace")


def _named(request: FhirRequest, target: Target) -> Iterator[str]:
    if target.type == "Patient" and target.id:
        yield target.id
    for name, value in request.parameters:
        if name in _PATIENT or (name == "_id" and target.type == "Patient"):
            for one in value.split(","):
                type_, slash, identity = one.rpartition("/")
                if not slash or type_.endswith("Patient"):
                    yield identity
