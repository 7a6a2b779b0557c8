"""One file per FHIR operation of the engine; listed here by hand."""

from collections.abc import Sequence

from fhir_server.interactions.operation import Operation
from fhir_server.operations.access_log import OPERATION as ACCESS_LOG
from fhir_server.operations.async_status import OPERATION as ASYNC_STATUS
from fhir_server.operations.break_glass import OPERATION as BREAK_GLASS
from fhir_server.operations.closure import OPERATION as CLOSURE
from fhir_server.operations.diff import OPERATIONS as DIFF
from fhir_server.operations.document import OPERATIONS as DOCUMENT
from fhir_server.operations.everything import OPERATIONS as EVERYTHING
from fhir_server.operations.expand import OPERATIONS as EXPAND
from fhir_server.operations.lastn import OPERATION as LASTN
from fhir_server.operations.lookup import OPERATION as LOOKUP
from fhir_server.operations.merge import OPERATION as MERGE
from fhir_server.operations.meta import OPERATIONS as META
from fhir_server.operations.purge import OPERATIONS as PURGE
from fhir_server.operations.reindex import OPERATIONS as REINDEX
from fhir_server.operations.search_parameters import OPERATION as SEARCH_PARAMETER_STATUS
from fhir_server.operations.snapshot import OPERATIONS as SNAPSHOT
from fhir_server.operations.subsumes import OPERATIONS as SUBSUMES
from fhir_server.operations.translate import OPERATIONS as TRANSLATE
from fhir_server.operations.unmerge import OPERATION as UNMERGE
from fhir_server.operations.validate import OPERATIONS as VALIDATE
from fhir_server.operations.validate_code import OPERATIONS as VALIDATE_CODE

OPERATIONS: Sequence[Operation] = (
    ACCESS_LOG,
    ASYNC_STATUS,
    BREAK_GLASS,
    CLOSURE,
    MERGE,
    UNMERGE,
    LASTN,
    LOOKUP,
    SEARCH_PARAMETER_STATUS,
    *DIFF,
    *DOCUMENT,
    *EVERYTHING,
    *EXPAND,
    *META,
    *PURGE,
    *REINDEX,
    *SNAPSHOT,
    *SUBSUMES,
    *TRANSLATE,
    *VALIDATE,
    *VALIDATE_CODE,
)
