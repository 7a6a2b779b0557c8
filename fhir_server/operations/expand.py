"""The operation `ValueSet/$expand`: the codes of a ValueSet.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.inputs import MANY, RESOURCE, inputs
from fhir_server.operations.named import Inputs, leading, named, reading
from fhir_server.terminology.choosing import Choice
from fhir_server.terminology.expand import Expansion
from fhir_server.terminology.gather import Gathered, all_systems, gathered
from fhir_server.terminology.listing import PARAMETERS, Asked, listing
from fhir_server.terminology.value_set import ValueSet
from fhir_server.terminology.versions import Versions, by_system

NAME, VALUE_SET = "$expand", "ValueSet"
# Codes of a ValueSet of which a page may be asked.
MAX_CODES = 1_000_000
# Letters of the filter, designations and systems that are asked for or left out.
MAX_WORDS = 200

NAMES = Inputs(VALUE_SET, inline="valueSet", version="valueSetVersion")
_INPUTS = {
    "url": "valueUri",
    "valueSet": RESOURCE,
    "valueSetVersion": "valueString",
    **PARAMETERS,
}


async def expand(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
    """Answer with the ValueSet and its expansion.

    Raises NotFound for a ValueSet that is not here, Unprocessable where its codes cannot be told:
    not-found names the CodeSystem that is missing, too-costly says what is too much.
    """
    given = inputs(context, request, _INPUTS)
    allow = reading(context, NAME, VALUE_SET)
    asked = _asked(context, given)
    versions = _versions(given)
    value_set = await named(context, allow, target, given, NAMES)
    assert isinstance(value_set, ValueSet)
    root = value_set.url or "sent along"
    with leading():
        read = await gathered(
            context.terminology.content,
            allow,
            root,
            all_systems,
            versions=versions,
            given=value_set,
            choice=Choice(context.limits.max_expansion, text=asked.text),
        )
        # Folding the displays of a large system takes a while.
        found = await asyncio.to_thread(_listed, root, read, asked)
    expansion = {
        "identifier": f"urn:uuid:{context.new_id()}",
        "timestamp": dates.instant(context.now()),
        "parameter": [*_told(given), *_used(read)],
        **found,
    }
    return FhirResponse(200, json.dump(_answer(value_set, expansion, given)))


def _listed(root: str, read: Gathered, asked: Asked) -> Mapping[str, Any]:
    codes = Expansion(read.value_sets, read.code_systems, MAX_CODES).codes(root)
    return listing(codes, read.code_systems, asked)


def _asked(context: Context, given: Mapping[str, Any]) -> Asked:
    for name in ("offset", "count"):
        if given.get(name, 0) < 0:
            raise Invalid(f"{name} is not below 0.", code="value")
    for name in ("designation", "exclude-system", "filter"):
        if len(given.get(name, ())) > MAX_WORDS:
            told = f"{name} is over {MAX_WORDS} letters, or stands more often."
            raise Invalid(told, code="too-costly")
    return Asked(
        text=given.get("filter", ""),
        offset=given.get("offset", 0),
        count=given.get("count"),
        designations=given.get("includeDesignations", False),
        uses=given.get("designation", ()),
        language=given.get("displayLanguage", ""),
        active_only=given.get("activeOnly", False),
        nested=not given.get("excludeNested", True),
        selectable_only=given.get("excludeNotForUI", False),
        excluded=given.get("exclude-system", ()),
        most=context.limits.max_expansion,
    )


def _versions(given: Mapping[str, Any]) -> Versions:
    names = ("system-version", "check-system-version", "force-system-version")
    return Versions(*(by_system(given.get(name, ())) for name in names))


def _told(given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what was asked for; an expansion has no parameters that are canonical."""
    for name, property_ in PARAMETERS.items():
        value = given.get(name, ())
        type_ = property_.removesuffix(MANY).replace("Canonical", "Uri")
        for one in value if isinstance(value, list | tuple) else (value,):
            yield {"name": name, type_: one}


def _used(read: Gathered) -> Iterator[Mapping[str, Any]]:
    """Yield the versions of the systems that were used."""
    told = {f"{one.url}|{one.version}": None for one in read.code_systems.values() if one}
    for canonical in told:
        if not canonical.endswith("|"):
            yield {"name": "version", "valueUri": canonical}


def _answer(
    value_set: ValueSet, expansion: Mapping[str, Any], given: Mapping[str, Any]
) -> Mapping[str, Any]:
    left_out = {"expansion", "text", *(() if given.get("includeDefinition") else {"compose"})}
    told = {name: value for name, value in value_set.resource.items() if name not in left_out}
    return {"resourceType": VALUE_SET, "status": "active", **told, "expansion": expansion}


_TYPE = Operation(
    name="expand",
    level="type",
    handler=expand,
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    types=(VALUE_SET,),
    documentation="The codes of a value set, as a list.",
)
OPERATIONS = (_TYPE, replace(_TYPE, level="instance"))
