"""The operation `$closure`: a table of which codes subsume which, kept in step with a client's.

https://hl7.org/fhir/R4/conceptmap-operation-closure.html
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import Invalid, NotFound, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.operations.codings import coding
from fhir_server.operations.inputs import inputs
from fhir_server.operations.named import leading
from fhir_server.store.closures import Table
from fhir_server.terminology.closure_table import groups
from fhir_server.terminology.code_system import CodeSystem

NAME = "$closure"
MAX_NAME, MAX_CONCEPTS, MAX_SYSTEMS = 200, 10_000, 50
_INPUTS = {"name": "valueString", "concept": "valueCoding*", "version": "valueString"}


async def closure(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
    """Answer with a ConceptMap of the entries that are new to the client.

    With a name alone the table is begun anew. Raises NotFound for a table that was not begun,
    Conflict where another request changes it, Unprocessable for one that grows too large.
    """
    given = inputs(context, request, _INPUTS)
    context.allow(NAME, None)
    name = given.get("name", "")
    if not 0 < len(name) <= MAX_NAME:
        raise Invalid(f"A name of 1 to {MAX_NAME} letters is needed.", code="required")
    if "concept" in given and "version" in given:
        raise Invalid("Either concepts are added, or entries since a version are asked for.")
    owner, store = context.caller.owner, context.store.closures
    if "concept" not in given and "version" not in given:
        await store.start(owner, name)
        return await _answer(context, name, Table(), 0)
    before = await store.read(owner, name)
    if before is None:
        raise NotFound(f"There is no closure table {name!r}: begin it with its name alone.")
    if "version" in given:
        return await _answer(context, name, before, _since(given["version"], before))
    after = _grown(before, given["concept"])
    answered = await _answer(context, name, after, before.version)
    await store.put(owner, name, before, after)
    return answered


def _since(text: str, table: Table) -> int:
    known = text.isascii() and text.isdigit() and len(text) <= len(str(table.version))
    if not known or int(text) > table.version:
        told = f"{text[:32]!r} is no version of this table; its last is {table.version}."
        raise Invalid(told, code="value")
    return int(text)


def _grown(before: Table, rows: list[Mapping[str, Any]]) -> Table:
    there = {(system, code) for system, code, _ in before.concepts}
    version = before.version + 1
    asked = dict.fromkeys((one.canonical, one.code) for one in map(coding, rows))
    if any(not (system and code) for system, code in asked):
        raise Invalid("Each concept needs its system and code.", code="required")
    added = [(system, code, version) for system, code in asked if (system, code) not in there]
    concepts = [*before.concepts, *added]
    if len(concepts) > MAX_CONCEPTS or len({one[0] for one in concepts}) > MAX_SYSTEMS:
        told = f"A closure table has at most {MAX_CONCEPTS} concepts of {MAX_SYSTEMS} systems."
        raise Unprocessable(told, code="too-costly")
    return Table(version, concepts)


async def _answer(context: Context, name: str, table: Table, since: int) -> FhirResponse:
    allow, content = partial(context.allow, "read"), context.terminology.content
    systems: dict[str, CodeSystem | None] = {}
    with leading():
        for canonical in {system for system, _, _ in table.concepts}:
            found = await content.code_system(allow, canonical)
            codes = [code for system, code, _ in table.concepts if system == canonical]
            systems[canonical] = await content.with_codes(found, codes) if found else None
        # Ten thousand concepts take a while.
        new = await asyncio.to_thread(lambda: list(groups(systems, table.concepts, since)))
    told = {
        "resourceType": "ConceptMap",
        "id": context.new_id(),
        "version": str(table.version),
        "name": f"Closure table {name}",
        "status": "active",
        "experimental": True,
        "date": dates.instant(context.now()),
        **({"group": new} if new else {}),
    }
    return FhirResponse(200, json.dump(told))


OPERATION = Operation(
    name="closure",
    level="system",
    handler=closure,
    definition="http://hl7.org/fhir/OperationDefinition/ConceptMap-closure",
    affects_state=True,
    documentation="A table of which codes subsume which, kept in step with a client's.",
)
