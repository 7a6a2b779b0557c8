"""A compartment as a condition: which resources of a type are in it.

https://hl7.org/fhir/R4/compartmentdefinition.html
"""

from fhir_server.search.condition import AnyOf, Condition, either
from fhir_server.search.index import PATIENT_FIELD
from fhir_server.spec.spec import Spec

# What a CompartmentDefinition says of the type it is named after: the resource itself.
_ITSELF = "{def}"


def about(spec: Spec, root: str, identity: str, type_: str) -> Condition:
    """Hold for the resources of a type in the compartment of `root`/`identity`.

    Raises KeyError for a compartment that is not defined, and a type that is in none.
    """
    if root == "Patient":
        return AnyOf(f"x.{PATIENT_FIELD}", (identity,))
    return either(
        *(
            AnyOf("_id", (identity,))
            if code == _ITSELF
            else AnyOf(f"x.{code}", (f"{root}/{identity}",))
            for code in spec.compartment(root)[type_]
        )
    )
