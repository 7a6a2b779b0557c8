"""The operations `$validate-code` of ValueSet and CodeSystem: whether code and display are right.

https://hl7.org/fhir/R4/valueset-operation-validate-code.html and
https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.codings import asked
from fhir_server.operations.inputs import RESOURCE, inputs
from fhir_server.operations.named import Inputs, leading, named, reading
from fhir_server.operations.outputs import answer
from fhir_server.terminology.choosing import Choice
from fhir_server.terminology.code_system import CodeSystem
from fhir_server.terminology.content import Allow, Content
from fhir_server.terminology.expand import bare
from fhir_server.terminology.gather import Gathered, gathered
from fhir_server.terminology.known import Known
from fhir_server.terminology.membership import Membership
from fhir_server.terminology.value_set import Filter, ValueSet
from fhir_server.terminology.verdict import Coding, How, Verdict, together, verdict

NAME = "$validate-code"
# Systems that are looked through for a code whose system is not said.
MAX_SYSTEMS = 50
_COMMON = {
    "url": "valueUri",
    "code": "valueCode",
    "display": "valueString",
    "coding": "valueCoding",
    "codeableConcept": "valueCodeableConcept",
    "abstract": "valueBoolean",
    "displayLanguage": "valueCode",
}
_OF_SYSTEM = {**_COMMON, "codeSystem": RESOURCE, "version": "valueString"}
_OF_SET = {
    **_COMMON,
    "valueSet": RESOURCE,
    "valueSetVersion": "valueString",
    "system": "valueUri",
    "systemVersion": "valueString",
}
_SYSTEM = Inputs("CodeSystem", inline="codeSystem")
_SET = Inputs("ValueSet", inline="valueSet", version="valueSetVersion")


async def in_system(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with result, message and display for a code of a CodeSystem.

    Raises NotFound for a system that is not known here, Invalid for a code of another system.
    """
    given = inputs(context, request, _OF_SYSTEM)
    allow = reading(context, NAME, "CodeSystem")
    codings = asked(given)
    if "url" not in given and "coding" in given and codings[0].system:
        given = {"url": codings[0].system, "version": codings[0].version, **given}
    system = await named(context, allow, target, given, _SYSTEM, codes=_codes(codings))
    assert isinstance(system, CodeSystem | Known)
    others = [one for one in codings if one.system not in ("", system.url)]
    if len(others) == len(codings):
        told = f"The code is of {others[0].system[:200]}, not of {system.url[:200]}."
        return _answer(Verdict(result=False, message=told))
    mine = [replace(one, system=system.url) for one in codings if one not in others]
    return _answer(together([verdict(system, one, _how(given)) for one in mine]))


async def in_value_set(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with result, message and display for a code in a ValueSet.

    A code whose system is not here is no error: the message says that it cannot be told. Raises
    NotFound for a ValueSet that is not here, Unprocessable for one that cannot be worked out.
    """
    given = inputs(context, request, _OF_SET)
    allow = reading(context, NAME, "ValueSet")
    codings = asked(given, given.get("system", ""), given.get("systemVersion", ""))
    value_set = await named(context, allow, target, given, _SET)
    assert isinstance(value_set, ValueSet)
    content = context.terminology.content
    root = value_set.url or "sent along"
    choice = Choice(context.limits.max_expansion, only=_codes(codings))
    with leading():
        read = await gathered(content, allow, root, given=value_set, choice=choice)
        question = _Question(content, allow, root, read, _how(given))
        found = [await question.judged(one) for one in codings]
    return _answer(together(found))


@dataclass(frozen=True, slots=True)
class _Question:
    """A ValueSet with all it leads to, and how codes are judged."""

    content: Content
    allow: Allow
    root: str
    read: Gathered
    how: How
    filters: dict[tuple[str, Filter], frozenset[str]] = field(default_factory=dict)

    async def judged(self, coding: Coding) -> Verdict:
        if not coding.system:
            member = self._member("", coding.code)
            systems = list(self._systems())
            if len(systems) > MAX_SYSTEMS:
                return Verdict(False, "Say of which system: the ValueSet has many.")
            fitting = [one for one in systems if self._member(one, coding.code)]
            if len(fitting) > 1:
                return Verdict(False, f"Say of which system: {', '.join(fitting)[:400]}.")
            if member is False or not fitting:
                return Verdict(False, f"{coding.code[:64]!r} is not in {self.root[:200]}.")
            coding = replace(coding, system=fitting[0])
        known = await self.content.system(self.allow, coding.canonical, (coding.code,))
        own = known.find(coding.code) if isinstance(known, CodeSystem) else None
        coding = replace(coding, code=own or coding.code)
        member = self._member(coding.canonical, coding.code)
        found = verdict(known, coding, self.how, self._listed(coding) if member else ())
        if member is None and found.result:
            told = f"Whether {coding.code[:64]!r} is in {self.root[:200]} cannot be told here."
            return Verdict(False, told, found.display)
        if member is False:
            told = f"{coding.code[:64]!r} of {coding.system[:200]} is not in {self.root[:200]}."
            return Verdict(False, told, found.display)
        return found

    def _member(self, system: str, code: str) -> bool | None:
        asked_ = Membership(self.read.value_sets.get, self.read.systems.get, self.filters)
        return asked_.member(self.root, system, code)

    def _systems(self) -> Iterator[str]:
        sets = (one for one in self.read.value_sets.values() if one)
        clauses = (clause for one in sets for clause in one.include if clause.system)
        yield from dict.fromkeys(bare(clause.system) for clause in clauses)

    def _listed(self, coding: Coding) -> list[Mapping[str, Any]]:
        """Give what the ValueSets call the code."""
        return [
            clause.codes[coding.code]
            for one in self.read.value_sets.values()
            for clause in (one.include if one else ())
            if bare(clause.system) == coding.system
            and clause.codes is not None
            and coding.code in clause.codes
        ]


def _codes(codings: Sequence[Coding]) -> list[str]:
    return [one.code for one in codings]


def _how(given: Mapping[str, Any]) -> How:
    return How(given.get("displayLanguage", ""), given.get("abstract", True))


def _answer(found: Verdict) -> FhirResponse:
    told: list[Mapping[str, Any]] = [{"name": "result", "valueBoolean": found.result}]
    if found.message:
        told.append({"name": "message", "valueString": found.message})
    if found.display:
        told.append({"name": "display", "valueString": found.display})
    return answer(told)


_OF_VALUE_SET = Operation(
    name="validate-code",
    level="type",
    handler=in_value_set,
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    types=("ValueSet",),
    documentation="Whether a code is in a value set, and its display right.",
)
_OF_CODE_SYSTEM = replace(
    _OF_VALUE_SET,
    handler=in_system,
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    types=("CodeSystem",),
    documentation="Whether a code is one of a code system, and its display right.",
)
OPERATIONS = (
    _OF_VALUE_SET,
    replace(_OF_VALUE_SET, level="instance"),
    _OF_CODE_SYSTEM,
    replace(_OF_CODE_SYSTEM, level="instance"),
)
