"""The operations of the dossier, listed by hand."""

from collections.abc import Mapping, Sequence

from extensions.judicial_record.dossier import (
    check,
    decide,
    ledger,
    outbox,
    pay,
    receipts,
    sign,
    submit,
)
from extensions.judicial_record.dossier.desk import Desk
from fhir_server.interactions.operation import Operation

# What the dossier keeps in `office.records`, and the fields each kind is found by.
KINDS: Mapping[str, Sequence[str]] = {**ledger.KINDS, **outbox.KINDS}


def operations(desk: Desk) -> list[Operation]:
    """Give the operations on Task: the twelve moves, and the batch of receipts."""
    return [
        submit.operation_of(desk),
        pay.operation_of(desk),
        *decide.operations_of(desk),
        *check.operations_of(desk),
        *sign.operations_of(desk),
        receipts.operation_of(desk),
    ]
