"""The operation `CodeSystem/$lookup`: what a system says of a code.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from fhir_server.fhir.errors import Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.codings import asked
from fhir_server.operations.inputs import inputs
from fhir_server.operations.named import known, reading
from fhir_server.operations.outputs import answer
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.known import Known
from fhir_server.terminology.lookup import parts

NAME, CODE_SYSTEM = "$lookup", "CodeSystem"
MAX_PROPERTIES = 200
_INPUTS = {
    "code": "valueCode",
    "system": "valueUri",
    "version": "valueString",
    "coding": "valueCoding",
    "displayLanguage": "valueCode",
    "property": "valueCode*",
}


async def lookup(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Answer with name, version, display, designations and properties of a code.

    Raises NotFound for a system or a code that is not here.
    """
    given = inputs(context, request, _INPUTS)
    allow = reading(context, NAME, CODE_SYSTEM)
    (coding,) = asked(given, given.get("system", ""), given.get("version", ""))
    if not coding.system:
        raise Invalid("Give the system of the code.", code="required")
    system = await known(context, allow, CODE_SYSTEM, coding.canonical, (coding.code,))
    assert isinstance(system, CodeSystem | Known)
    if isinstance(system, Known) and system.member(coding.code):
        pairs = (("name", system.name), ("display", coding.code))
        return answer({"name": name, "valueString": text} for name, text in pairs)
    code = system.find(coding.code) if isinstance(system, CodeSystem) else None
    if code is None or isinstance(system, Known):
        raise NotFound(f"{coding.code[:64]!r} is no code of {coding.canonical[:200]} here.")
    wanted = given.get("property", ())
    if len(wanted) > MAX_PROPERTIES:
        told = f"More than {MAX_PROPERTIES} properties are asked for; leave them out for all."
        raise Invalid(told, code="too-costly")
    return answer(parts(system, code, wanted, given.get("displayLanguage", "")))


OPERATION = Operation(
    name="lookup",
    level="type",
    handler=lookup,
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
    types=(CODE_SYSTEM,),
    documentation="Display, designations and properties of a code.",
)
