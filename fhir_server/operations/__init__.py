"""One file per FHIR operation of the engine; listed here by hand."""

from collections.abc import Sequence

from fhir_server.interactions.operation import Operation

OPERATIONS: Sequence[Operation] = ()
