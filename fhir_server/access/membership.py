"""Which resources of a type are a patient's: the compartment, and every type outside it.

https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from fhir_server.search.condition import (
    AnyOf,
    Condition,
    Everything,
    Not,
    Nothing,
    beyond,
    both,
)
from fhir_server.search.index import PATIENT_FIELD, REFERENCES_FIELD
from fhir_server.spec.spec import Spec

WRITES = frozenset("cud")
_PATIENTS = f"x.{PATIENT_FIELD}"
_TABLE = json.loads((Path(__file__).parent / "shared_types.json").read_text("utf-8"))

# Type → how it is treated: shared, whole, hidden or context; shared_types.json has the reasons.
TREATMENT: Mapping[str, str] = {
    type_: treatment
    for treatment, groups in _TABLE.items()
    if isinstance(groups, list)
    for group in groups
    for type_ in group["types"]
}


def of_patients(spec: Spec, type_: str, patients: Collection[str], letter: str) -> Condition:
    """Hold for what of a type one may reach with `letter` who may reach these patients.

    To read, a resource of the compartment is about one of them; a Patient is one of them: a link
    confers nothing. To write, and to read where a type names several patients side by side, it is
    about no other.
    """
    treatment = TREATMENT.get(type_, "")
    if treatment == "shared":
        return Nothing() if letter in WRITES else Everything()
    if not patients:
        return Nothing()
    if treatment == "context":
        context = tuple(f"Patient/{id_}" for id_ in sorted(patients))
        return AnyOf(f"x.{REFERENCES_FIELD}", context)
    if type_ != "Patient" and type_ not in spec.compartment("Patient"):
        return Nothing()
    field = "_id" if type_ == "Patient" else _PATIENTS
    members = AnyOf(field, tuple(sorted(patients)))
    alone = letter in WRITES or treatment == "whole"
    return both(members, Not(beyond(_PATIENTS, patients))) if alone else members
