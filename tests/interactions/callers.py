"""Callers for tests of access: a citizen, a proxy, a practitioner and a system; and their data."""

from dataclasses import replace
from typing import Any

from fhir_server.access.caller import Caller
from tests.client import Client

CITIZEN = Caller(
    "app", client="app", user="Patient/p", patient="p", scopes=("patient/*.cruds", "user/*.rs")
)
PROXY = replace(CITIZEN, user="RelatedPerson/mother")
DOCTOR = Caller(
    "ehr",
    client="ehr",
    user="Practitioner/d",
    organisations=("h",),
    scopes=("user/*.cruds",),
)
SYSTEM = Caller("his", client="his", scopes=("system/*.cruds",))

ICD = "http://hl7.org/fhir/sid/icd-10"


def reference(text: str) -> dict[str, str]:
    return {"reference": text}


async def put(fhir: Client, type_: str, id_: str, **elements: Any) -> Any:
    """Store a resource as anyone may, under its id."""
    body = {"resourceType": type_, "id": id_, **elements}
    response = await fhir.put(f"{type_}/{id_}", body)
    assert response.is_success, response.text
    return response.json()


async def people(fhir: Client) -> None:
    """Store the patients p and q, a doctor d, and the organisations h and i."""
    for id_ in "pq":
        await put(fhir, "Patient", id_)
    await put(fhir, "Practitioner", "d")
    for id_ in "hi":
        await put(fhir, "Organization", id_, name=id_)


async def visit(fhir: Client, id_: str, patient: str, organisation: str, **elements: Any) -> Any:
    """Store an open Encounter, or one as `elements` say."""
    ambulatory = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    given = {"status": "in-progress", "class": ambulatory, **elements}
    return await put(
        fhir,
        "Encounter",
        id_,
        subject=reference(f"Patient/{patient}"),
        serviceProvider=reference(f"Organization/{organisation}"),
        **given,
    )


async def diagnosis(
    fhir: Client, id_: str, patient: str, code: str = "J18", **elements: Any
) -> Any:
    """Store a Condition with a code of ICD-10."""
    coding = {"coding": [{"system": ICD, "code": code}]}
    about = reference(f"Patient/{patient}")
    return await put(fhir, "Condition", id_, subject=about, code=coding, **elements)


async def consent(fhir: Client, id_: str, patient: str, provision: Any, **elements: Any) -> Any:
    """Store an active Consent to what becomes of a patient's data."""
    terms = "http://terminology.hl7.org/CodeSystem"
    scope = {"coding": [{"system": f"{terms}/consentscope", "code": "patient-privacy"}]}
    category = {"coding": [{"system": f"{terms}/consentcategorycodes", "code": "acd"}]}
    policy = {"coding": [{"system": f"{terms}/v3-ActCode", "code": "OPTIN"}]}
    given = {"status": "active", "policyRule": policy, **elements}
    return await put(
        fhir,
        "Consent",
        id_,
        scope=scope,
        category=[category],
        patient=reference(f"Patient/{patient}"),
        provision=provision,
        **given,
    )


def found(response: Any) -> set[str]:
    """Give `Type/id` of what a search found."""
    assert response.status_code == 200, response.text
    entries = response.json().get("entry", ())
    resources = [one["resource"] for one in entries if one["search"]["mode"] != "outcome"]
    return {f"{one['resourceType']}/{one['id']}" for one in resources}
