"""The operation `$snapshot`: a StructureDefinition with every element, made from its differential.

https://hl7.org/fhir/R4/structuredefinition-operation-snapshot.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, NotFound, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.judging import answered, definitions
from fhir_server.interactions.operation import Operation
from fhir_server.operations.current import current, key
from fhir_server.operations.inputs import RESOURCE, inputs
from fhir_server.spec.snapshots import snapshot
from fhir_server.spec.tables import SpecError
from fhir_server.validation.questions import Questions
from fhir_server.validation.structure import structural_issues

NAME, TYPE = "$snapshot", "StructureDefinition"
Made = tuple[Mapping[str, Any] | None, str]


async def make(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with the StructureDefinition stored, sent or named by its url, and its snapshot.

    Raises Invalid without one, NotFound for an unknown url, Unprocessable where none can be made.
    """
    given = inputs(context, request, {"definition": RESOURCE, "url": "valueString"})
    context.allow(NAME, TYPE)
    definition = given.get("definition")
    if target.id is not None:
        stored = await current(context, NAME, *key(context, target))
        definition = json.parse_object(stored.body or b"{}")
    url = given.get("url", "")
    if definition is None and not url:
        raise Invalid("Send a StructureDefinition as `definition`, or its `url`.", code="required")
    if definition is not None and definition.get("resourceType") != TYPE:
        raise Invalid(f"The resource must be a {TYPE}.", code="structure")
    if definition is not None and (wrong := structural_issues(context.spec, definition)):
        raise Unprocessable(issues=wrong)
    made, told = await answered(context, lambda asked: _made(context, definition, url, asked))
    if told:
        raise Unprocessable(told)
    if made is None:
        raise NotFound(f"No StructureDefinition {url[:200]!r} is known here.")
    return FhirResponse(200, json.dump(made))


def _made(
    context: Context, definition: Mapping[str, Any] | None, url: str, questions: Questions
) -> Made:
    known = definitions(context.spec)

    def find(wanted: str) -> Mapping[str, Any] | None:
        found = known.profile(wanted) or questions.ask("profile", wanted)
        return found if isinstance(found, Mapping) else None

    definition = definition or find(url)
    if definition is None:
        return None, ""
    try:
        return {**definition, "snapshot": {"element": snapshot(definition, find)}}, ""
    except SpecError as fault:
        return None, str(fault)


_OF_TYPE = Operation(
    name="snapshot",
    level="type",
    handler=make,
    definition="http://hl7.org/fhir/OperationDefinition/StructureDefinition-snapshot",
    types=(TYPE,),
    documentation="A StructureDefinition with its snapshot, made from the differential.",
)
OPERATIONS = (_OF_TYPE, replace(_OF_TYPE, level="instance"))
