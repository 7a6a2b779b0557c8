"""The two hospitals' world: patient A, who attacks with a token of their own, and patient B.

Of every type there is a resource of each, and where the compartment's definition names several
parameters one for each of them. Whatever is B's has the canary in its id, which A may have heard
of, and the secret in its text: no byte of an answer to A may hold that.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change
from fhir_server.search.condition import Everything
from tests.conformance.made import ElsewhereError, made, planted
from tests.oracle.definitions import ABSTRACT, COMPARTMENTS, PARAMETERS, TYPES

Resource = dict[str, Any]

A, B = "pat-a", "pat-canary7f3a-b"
CANARY, SECRET = "canary7f3a", "secret9c2e"
ACCESS = Path(__file__).parents[2] / "fhir_server" / "access"
OF = "http://example.org/of"
# Kept by the server itself, never put by hand.
OWN_KEEPING = frozenset({"AuditEvent"})
# No resource of its own is ever stored: https://hl7.org/fhir/R4/http.html
NEVER_STORED = frozenset({"Parameters", "OperationOutcome"})
_MOST_PER_COMMIT = 50


@dataclass(frozen=True)
class Planted:
    """A resource of the world: `code` is the parameter by which it is the patient's."""

    type: str
    id: str
    code: str
    resource: Resource


def types() -> tuple[str, ...]:
    """Give every concrete resource type."""
    named = (name for name, row in TYPES.items() if row["kind"] == "resource")
    return tuple(sorted(set(named) - {*ABSTRACT} - NEVER_STORED))


@cache
def compartment() -> dict[str, tuple[str, ...]]:
    """Give by type the parameters that put a resource into a patient's compartment."""
    return {type_: tuple(codes) for type_, codes in COMPARTMENTS["Patient"].items() if codes}


def to_patients(type_: str) -> tuple[str, ...]:
    """Give the reference parameters of a type that may lead to a Patient."""
    return tuple(
        row["code"]
        for row in PARAMETERS
        if type_ in row["base"]
        and row["type"] == "reference"
        and "Patient" in row.get("target", ())
    )


def of(patient: str) -> Iterator[Planted]:
    """Give what is a patient's: of each type by each parameter that can name a patient.

    A type that can name none has one resource all the same; one for everyone to read has none.
    """
    yield Planted("Patient", patient, "{def}", person(patient))
    yield attachment(patient)
    for type_ in types():
        if type_ == "Patient" or type_ in shared():
            continue
        for code in to_patients(type_) or ("",):
            resource = made_for(type_, code, patient)
            if resource is not None and (not code or names(resource, patient)):
                id_ = f"{type_.lower()[:24]}-{code or 'none'}-{patient}"[:64]
                yield Planted(type_, id_, code, {**marked(resource, patient), "id": id_})


def attachment(patient: str) -> Planted:
    """Give a file that is the patient's by its securityContext alone."""
    id_ = f"binary-context-{patient}"
    data = b64encode(said(patient).encode()).decode()
    context = {"reference": f"Patient/{patient}"}
    told = {"resourceType": "Binary", "id": id_, "contentType": "text/plain", "data": data}
    return Planted("Binary", id_, "securityContext", {**told, "securityContext": context})


def names(resource: Resource, patient: str) -> bool:
    """Say whether the resource refers to the patient."""
    return f'"Patient/{patient}"' in json.dumps(resource)


@cache
def shared() -> frozenset[str]:
    """Give the types without personal data, which whoever may read a type reads whole."""
    table = json.loads((ACCESS / "shared_types.json").read_bytes())
    return frozenset(type_ for row in table["shared"] for type_ in row["types"])


def made_for(type_: str, code: str, patient: str) -> Resource | None:
    """Give a resource that names the patient by this parameter; None where none can be made."""
    try:
        base = planted(code, {"resourceType": type_}) if code else made(type_, ["_id"])[0]
    except (AssertionError, ElsewhereError, NotImplementedError):
        return None
    return None if base is None else _retold(base, code, patient)


def pointing(resource: Resource, code: str, patient: str) -> Resource | None:
    """Give the resource with one parameter more, that leads to a patient; None without room."""
    try:
        grown = planted(code, resource)
    except (AssertionError, ElsewhereError, NotImplementedError):
        return None
    if grown is None:
        return None
    told = _led(grown, code, patient)
    return told if names(told, patient) else None


def _led(resource: Resource, code: str, patient: str) -> Resource:
    """Let what the parameter was made to refer to be the patient."""
    return json.loads(
        re.sub(rf'"[A-Za-z]+/made-{re.escape(code)}"', f'"Patient/{patient}"', json.dumps(resource))
    )


def _retold(resource: Resource, code: str, patient: str) -> Resource:
    """Let what the parameter is about, and whatever refers to some Patient, refer to this one."""
    text = json.dumps(_led(resource, code, patient))
    return dict(json.loads(re.sub(r'"Patient/made[^"]*"', f'"Patient/{patient}"', text)))


def marked(resource: Resource, patient: str) -> Resource:
    """Give the resource tagged as a patient's."""
    tag = {"system": OF, "code": patient, "display": said(patient)}
    return {**resource, "meta": {"tag": [tag]}}


def said(patient: str) -> str:
    """Give the text that stands in what is a patient's."""
    return "mine" if patient == A else SECRET


def person(patient: str) -> Resource:
    """Give the Patient."""
    return {
        "resourceType": "Patient",
        "id": patient,
        "identifier": [{"system": "http://example.org/citizen", "value": f"099-{patient}"}],
        "name": [{"text": f"Nguyễn {said(patient)}", "family": "Nguyễn", "given": [said(patient)]}],
        "birthDate": "1979-01-01",
        "gender": "female",
    }


async def stored(context: Context, everything: list[Planted]) -> None:
    """Put it all into the store, past validation: what is judged here is who may see it."""
    for start in range(0, len(everything), _MOST_PER_COMMIT):
        changes = [
            change(context, one.type, one.id, one.resource, method="update")
            for one in everything[start : start + _MOST_PER_COMMIT]
        ]
        await context.store.commit(Everything(), changes)
