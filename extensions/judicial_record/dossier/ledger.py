"""The ledger: one payment and at most one refund of a dossier, as digests and amounts in VND.

What a receipt says stands in the Task; here is what must be there once. Every record has its
natural id, so that whatever ended between two steps is put right by doing the same again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_server.fhir.errors import Conflict
from fhir_server.store.records import Record, Records

KINDS: Mapping[str, Sequence[str]] = {
    "payments": (),
    "receipts": (),
    "refunds": ("posted",),
}


@dataclass(frozen=True, slots=True)
class Payment:
    """`receipt` is a keyed digest of a receipt's unit and number, `whole` of all it says."""

    receipt: str
    whole: str
    amount: int
    at: int


def pay(records: Records, task: str, payment: Payment) -> None:
    """Keep the payment of a dossier; the same one again changes nothing.

    Raises Conflict for another receipt of a dossier that is paid, and for a receipt of another
    dossier.
    """
    paid = records.get("payments", task)
    if paid is None:
        records.insert("receipts", {"_id": payment.receipt, "task": task})
        used = records.get("receipts", payment.receipt)
        if used is not None and used["task"] != task:
            told = "This receipt was used for another dossier; send the receipt of this one."
            raise Conflict(told, code="duplicate")
        records.insert("payments", {"_id": task, "posted": False, **_row(payment)})
        paid = records.get("payments", task)
    if paid is not None and paid["whole"] != payment.whole:
        raise Conflict("The dossier is paid with another receipt.", code="duplicate")


def _row(payment: Payment) -> Record:
    return {"whole": payment.whole, "amount": payment.amount, "at": payment.at}


def posted(records: Records, kind: str, task: str) -> None:
    """Note that the Task says the same as the ledger."""
    records.change(kind, {"_id": task, "posted": False}, {"posted": True})


def refund(records: Records, task: str, now: int) -> int:
    """Enter the refund of what was paid, once; give the amount, 0 where nothing was paid.

    It counts as soon as it is posted: the dossier is refused.
    """
    paid = records.get("payments", task)
    if paid is None:
        return 0
    row = {"_id": task, "amount": paid["amount"], "at": now, "posted": False}
    records.insert("refunds", row)
    return int(paid["amount"])


def open_refunds(records: Records, page: int = 1000) -> list[str]:
    """Give the dossiers whose refund is entered and not posted, read a page at a time."""
    found: list[str] = []
    while rows := records.find("refunds", {"posted": False}, page, found[-1] if found else ""):
        found += [one["_id"] for one in rows]
    return found
