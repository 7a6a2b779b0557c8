"""What an operation is to the route table.

https://hl7.org/fhir/R4/operations.html
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target

Level = Literal["system", "type", "instance", "version"]
Handler = Callable[[Context, FhirRequest, Target], Awaitable[FhirResponse]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One $operation: where it may be called and what runs.

    `level` version is `[type]/[id]/_history/[vid]/$name`; one offered at several levels is listed
    for each. `types` are the resource types it is offered on, `Resource` for every type, empty at
    system level; `affects_state` keeps it off GET, `methods` says exactly which it takes;
    `definition` is the canonical URL of its OperationDefinition.
    """

    name: str
    level: Level
    handler: Handler
    definition: str
    types: tuple[str, ...] = ()
    affects_state: bool = False
    documentation: str = ""
    methods: tuple[str, ...] = ()
