"""One file per FHIR operation of the engine; listed here by hand."""

from collections.abc import Sequence

from fhir_server.interactions.operation import Operation
from fhir_server.operations.async_status import OPERATION as ASYNC_STATUS
from fhir_server.operations.merge import OPERATION as MERGE
from fhir_server.operations.reindex import OPERATIONS as REINDEX
from fhir_server.operations.unmerge import OPERATION as UNMERGE

OPERATIONS: Sequence[Operation] = (ASYNC_STATUS, MERGE, *REINDEX, UNMERGE)
