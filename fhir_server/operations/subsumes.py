"""The operation `CodeSystem/$subsumes`: whether one code is a kind of another.

https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fhir_server.fhir.errors import Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.codings import coding
from fhir_server.operations.inputs import inputs
from fhir_server.operations.named import Inputs, named, reading
from fhir_server.operations.outputs import answer
from fhir_server.terminology.closure import subsumption
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.known import Known
from fhir_server.terminology.verdict import Coding

NAME, CODE_SYSTEM = "$subsumes", "CodeSystem"
_INPUTS = {
    "codeA": "valueCode",
    "codeB": "valueCode",
    "codingA": "valueCoding",
    "codingB": "valueCoding",
    "system": "valueUri",
    "version": "valueString",
}
_NAMES = Inputs(CODE_SYSTEM, inline="", url="system")


async def subsumes(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with outcome: equivalent, subsumes, subsumed-by or not-subsumed.

    Raises NotFound for a system or code that is not here, and Invalid for codes of two systems.
    """
    given = inputs(context, request, _INPUTS)
    allow = reading(context, NAME, CODE_SYSTEM)
    one, other = (_asked(given, side) for side in "AB")
    named_in = {coding_.canonical for coding_ in (one, other) if coding_.system}
    if "system" not in given and target.id is None and len(named_in) == 1:
        given["system"] = named_in.pop()
    system = await named(context, allow, target, given, _NAMES, codes=(one.code, other.code))
    assert isinstance(system, CodeSystem | Known)
    found = [_code(system, coding_) for coding_ in (one, other)]
    if isinstance(system, Known):
        outcome = "equivalent" if found[0] == found[1] else "not-subsumed"
    else:
        outcome = subsumption(system.children, *found)
    return answer([{"name": "outcome", "valueCode": outcome}])


def _asked(given: Mapping[str, Any], side: str) -> Coding:
    code, row = given.get(f"code{side}"), given.get(f"coding{side}")
    if (code is None) == (row is None):
        raise Invalid(f"Give code{side} or coding{side}, one of them.", code="required")
    return Coding("", code) if code is not None else coding(row or {})


def _code(system: CodeSystem | Known, asked: Coding) -> str:
    if asked.system not in ("", system.url):
        told = f"{asked.code[:64]!r} is of {asked.system[:200]}, not of {system.url[:200]}."
        raise Invalid(told, code="not-supported")
    if isinstance(system, Known):
        code = asked.code if system.member(asked.code) else None
    else:
        code = system.find(asked.code)
    if code is None:
        raise NotFound(f"{asked.code[:64]!r} is no code of {system.url[:200]} here.")
    return code


_TYPE = Operation(
    name="subsumes",
    level="type",
    handler=subsumes,
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
    types=(CODE_SYSTEM,),
    documentation="Whether one code is a kind of another.",
)
OPERATIONS = (_TYPE, replace(_TYPE, level="instance"))
