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
        *(
            _create_once(visit, draft.key, draft.resource, token(draft.resource["identifier"][0]))
            for draft in shared
        ),
        _create_once(visit, visit.patient.key, visit.patient.resource, _known(visit.patient)),
        *(_put(visit, draft) for draft in visit.drafts),
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _create_once(visit: Visit, key: str, resource: Fhir, known: str) -> Fhir:
    """Give the entry that makes the resource where no other holds the identifier `known`."""
    kind = resource["resourceType"]
    condition = f"identifier={quote(known, safe='')}"
    return _entry(visit, key, resource, {"method": "POST", "url": kind, "ifNoneExist": condition})


def _known(draft: PatientDraft) -> str:
    return next(
        one
        for strength in draft.matching
        if not strength.needs_demographics
        for one in strength.tokens
    )


def _put(visit: Visit, draft: Draft) -> Fhir:
    kind = draft.resource["resourceType"]
    identity = draft_id(visit.facility, visit.ma_lk, draft.key)
    resource = {"resourceType": kind, "id": identity, **draft.resource}
    return _entry(visit, draft.key, resource, {"method": "PUT", "url": f"{kind}/{identity}"})


def _entry(visit: Visit, key: str, resource: Fhir, request: Fhir) -> Fhir:
    url = draft_url(visit.facility, visit.ma_lk, key)
    return {"fullUrl": url, "resource": resource, "request": request}
