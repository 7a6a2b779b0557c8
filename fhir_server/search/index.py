"""What is written beside a resource so that searches find it: the field `x` of its document."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from fhir_server.fhir.reference import local_targets, reference_texts
from fhir_server.search import words
from fhir_server.search.extract import extractor
from fhir_server.search.place import Place
from fhir_server.spec.spec import Spec

PATIENT_FIELD = "_patient"
REFERENCES_FIELD = "_references"
CONTAINED_FIELD = "_contained"
# Written beside what searches need, for what access asks: see access/fields.
LABELS_FIELD, CARE_FIELD, CONSENT_FIELD = "_labels", "_care", "_consent"


def index_fields(
    spec: Spec,
    resource: dict[str, Any],
    place: Place,
    *,
    identity: str,
    references: Collection[str] | None = None,
) -> dict[str, Any]:
    """Give the index fields of a resource that will have the id `identity`.

    Keys are parameter codes, formats are each type's own (`search/types`); `_patient` are the ids
    of the patients whose compartment it is in, `_references` the `Type/id` of everything here it
    refers to, both sorted; `_contained` has by type the same of what is contained, with its `id`.
    A value that cannot be indexed is left out, never an error. `references` is every
    Reference.reference in the resource, where known.
    """
    type_ = resource["resourceType"]
    found = _fields(spec, resource, place)
    patients = _patients(spec.compartment("Patient").get(type_, ()), found)
    if type_ == "Patient":
        patients.add(identity)
    if patients:
        found[PATIENT_FIELD] = sorted(patients)
    texts = reference_texts(resource) if references is None else references
    if targets := local_targets(texts, place.base_urls):
        found[REFERENCES_FIELD] = sorted(targets)
    if contained := resource.get("contained"):
        found[CONTAINED_FIELD] = _contained(spec, contained, place)
    return found


def _fields(spec: Spec, resource: dict[str, Any], place: Place) -> dict[str, Any]:
    """Give the fields of the type's search parameters."""
    found = extractor(spec, resource["resourceType"])(resource, place)
    if place.text_search:
        found |= words.fields(spec.structures, resource)
    return found


def _contained(
    spec: Spec, resources: Iterable[dict[str, Any]], place: Place
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        fields = {**_fields(spec, resource, place), "id": resource.get("id", "")}
        found.setdefault(resource["resourceType"], []).append(fields)
    return found


def _patients(codes: Iterable[str], fields: Mapping[str, Any]) -> set[str]:
    """Give the ids of the patients the compartment's parameters point at.

    https://hl7.org/fhir/R4/compartmentdefinition-patient.html
    """
    found = set()
    for code in codes:
        if value := fields.get(code):
            for target in (value,) if type(value) is str else value:
                if type(target) is str and target.startswith("Patient/"):
                    found.add(target[8:])
    return found
