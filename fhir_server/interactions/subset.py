"""`_summary` and `_elements`, on every answer that carries resources.

https://hl7.org/fhir/R4/http.html#parameters
"""

from msgspec import structs

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.search.control import MAX_LENGTH
from fhir_server.search.project import SUMMARIES, Subset, cut, elements_of, in_bundle

NAMES = ("_summary", "_elements")

# Their answer is one resource, even where that is a Bundle somebody stored.
ONE = frozenset({"read", "vread", "create", "update", "patch", "capabilities"})


def subset(code: str, context: Context, request: FhirRequest, target: Target) -> Subset | None:
    """Give the part that is asked for, None for all of it.

    Raises Invalid, before anything is done, for a value that cannot be or for both parameters.
    """
    if not request.parameters:
        return None
    given = [pair for pair in request.parameters if pair[0] in NAMES]
    if not given:
        return None
    if len(given) > 1:
        raise Invalid("Only one of _summary and _elements may be given, and once.")
    ((name, value),) = given
    if len(value) > MAX_LENGTH:
        raise Invalid(f"{name} is longer than {MAX_LENGTH} letters.", code="too-costly")
    if name == "_elements":
        return elements_of(context.spec.structures, _types(code, context, target), value)
    # Counting is the search's own answer.
    known = SUMMARIES if code.startswith("search-") else (*SUMMARIES[:3], "false")
    if value not in known:
        told = f"_summary={value[:32]!r} is not supported here; known: {', '.join(known)}."
        raise Invalid(told, code="not-supported")
    return None if value in ("count", "false") else Subset(value)


def _types(code: str, context: Context, target: Target) -> list[str]:
    """Give the types an answer may carry: an operation on a Patient may give any."""
    if code == "capabilities":
        return ["CapabilityStatement", "TerminologyCapabilities"]
    type_ = target.compartment or target.type
    if type_ is None or type_ not in context.spec.types or code.startswith("$"):
        return list(context.spec.types)
    return [type_]


def shaped(code: str, context: Context, answer: FhirResponse, part: Subset | None) -> FhirResponse:
    """Give the answer with its resources cut to the part; an error's stays whole."""
    is_json = answer.content_type.startswith("application/fhir+json")
    if part is None or not answer.body or not is_json:
        return answer
    resource = json.reload(answer.body)
    whole = resource["resourceType"] != "Bundle" or code in ONE
    result = (cut if whole else in_bundle)(context.spec.structures, resource, part)
    return structs.replace(answer, body=json.dump(result))
