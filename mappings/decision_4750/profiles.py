"""Which profile of profiles/vn a resource is made to, said in its meta.profile.

https://hl7.org/fhir/R4/resource.html#profile-tags
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from mappings.mapping import Draft, PatientDraft
from mappings.terms.concepts import Fhir
from mappings.terms.identifiers import Systems, is_insurance_card

BY_TYPE = {
    "Appointment": "vn-follow-up",
    "CarePlan": "vn-care-plan",
    "ClinicalImpression": "vn-clinical-impression",
    "Composition": "vn-composition-paper",
    "Condition": "vn-condition",
    "Coverage": "vn-coverage",
    "DiagnosticReport": "vn-diagnostic-report",
    "Encounter": "vn-encounter",
    "MedicationRequest": "vn-medication-request",
    "Observation": "vn-observation-finding",
    "Organization": "vn-organization-facility",
    "Patient": "vn-patient",
    "Practitioner": "vn-practitioner",
    "Procedure": "vn-procedure",
    "ServiceRequest": "vn-service-request",
    "SupplyDelivery": "vn-supply-delivery",
}
# The code of its category → the profile of a resource, before that of its type.
BY_CATEGORY = {
    "laboratory": "vn-observation-laboratory",
    "vital-signs": "vn-observation-vital-signs",
    "referral": "vn-referral",
}
FACILITY_LENGTH = 5
# What a file may hold that only warns, and a profile does not allow: the resource claims nothing.
MET: dict[str, Callable[[Fhir], bool]] = {
    "vn-coverage": lambda card: is_insurance_card(card["subscriberId"]),
    "vn-organization-facility": lambda one: len(one["identifier"][0]["value"]) == FACILITY_LENGTH,
}


def profile_of(resource: Fhir) -> str:
    """Give the id of the profile a resource is made to, an empty string where it meets none."""
    codings = (one for kind in resource.get("category", ()) for one in kind.get("coding", ()))
    said = (BY_CATEGORY[one["code"]] for one in codings if one["code"] in BY_CATEGORY)
    name = next(said, BY_TYPE[resource["resourceType"]])
    return name if name not in MET or MET[name](resource) else ""


def claiming(resource: Fhir, systems: Systems) -> Fhir:
    """Give the resource with the profile it is made to, where it meets one."""
    name = profile_of(resource)
    if not name:
        return resource
    kind = {"resourceType": resource["resourceType"]}
    return {**kind, "meta": {"profile": [systems.profile(name)]}, **resource}


def claimed(drafts: Iterable[Draft], systems: Systems) -> tuple[Draft, ...]:
    """Give the drafts, each with its profile."""
    return tuple(Draft(one.key, claiming(one.resource, systems)) for one in drafts)


def claimed_patient(draft: PatientDraft, systems: Systems) -> PatientDraft:
    """Give the patient with its profile."""
    return replace(draft, resource=claiming(draft.resource, systems))
