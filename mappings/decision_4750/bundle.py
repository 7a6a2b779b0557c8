"""A visit as one transaction Bundle: what a dry run shows, and what any FHIR server can take.

https://hl7.org/fhir/R4/http.html#transaction. The visit's own resources are put under ids made of
(facility, MA_LK, key), so that the Bundle of a visit sent again updates them.
"""

from urllib.parse import quote

from mappings.mapping import Draft, PatientDraft, Visit, draft_id, draft_url, token
from mappings.terms.concepts import Fhir


def to_bundle(visit: Visit) -> Fhir:
    """Give the transaction Bundle: organisations, practitioners, the Patient, then the rest."""
    shared = (*visit.organizations, *visit.practitioners)
    entries = [
        *(_create_once(visit, draft) for draft in shared),
        _patient(visit, visit.patient),
        *(_put(visit, draft) for draft in visit.drafts),
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _create_once(visit: Visit, draft: Draft) -> Fhir:
    kind = draft.resource["resourceType"]
    known = quote(token(draft.resource["identifier"][0]), safe="")
    request = {"method": "POST", "url": kind, "ifNoneExist": f"identifier={known}"}
    return _entry(visit, draft.key, draft.resource, request)


def _patient(visit: Visit, draft: PatientDraft) -> Fhir:
    sure = [
        one
        for strength in draft.matching
        if not strength.needs_demographics
        for one in strength.tokens
    ]
    known = quote(sure[0], safe="")
    request = {"method": "PUT", "url": f"Patient?identifier={known}"}
    return _entry(visit, draft.key, draft.resource, request)


def _put(visit: Visit, draft: Draft) -> Fhir:
    kind = draft.resource["resourceType"]
    identity = draft_id(visit.facility, visit.ma_lk, draft.key)
    resource = {"resourceType": kind, "id": identity, **draft.resource}
    return _entry(visit, draft.key, resource, {"method": "PUT", "url": f"{kind}/{identity}"})


def _entry(visit: Visit, key: str, resource: Fhir, request: Fhir) -> Fhir:
    url = draft_url(visit.facility, visit.ma_lk, key)
    return {"fullUrl": url, "resource": resource, "request": request}
