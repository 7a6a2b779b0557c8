"""The right of a submission: whose envelopes a client may send, what it may match and change.

`right` is what every look into the store is made with: a submission finds whom and what it is about
in all there is, whatever its client may read, and tells of it no more than the id.
"""

from collections.abc import Collection, Iterator
from functools import partial
from itertools import islice

from fhir_server.access.caller import Caller
from fhir_server.access.facilities import own
from fhir_server.fhir.errors import Forbidden, Issue
from fhir_server.interactions.context import Context
from fhir_server.search.condition import AnyOf, Everything, both
from fhir_server.store.steps import Allow
from fhir_server.store.transact import Transaction
from mappings.decision_4750.envelope import HEAD, Envelope

NAME = "$submit-document"
# MA_NOI_DI, MA_NOI_DEN, MA_DKBD, MA_CSKCB_THUOC name others: where one came from, goes to, is
# registered, where a medicine was sent.
SENDER = "MA_CSKCB"
_SHOWN, _MOST = 10, 100


def right(context: Context) -> Allow:
    """Give what a submission is judged by, for each type it looks into or writes."""
    return partial(context.allow, NAME)


def refuse_others(caller: Caller, envelope: Envelope) -> None:
    """Raise Forbidden, naming each place, where the envelope is not of the client's facilities.

    So is every envelope for a client that has none, or acts for a user.
    """
    if caller.unrestricted:
        return
    if caller.user:
        raise Forbidden("An envelope is sent by a facility's client for itself, not for a user.")
    issues = (
        Issue(
            "forbidden",
            f"{place} is {code[:_SHOWN]!r}: no facility that is registered to this client.",
            place,
        )
        for place, code in senders(envelope)
        if code not in caller.facilities
    )
    if told := tuple(islice(issues, _MOST)):
        raise Forbidden(issues=told)


def senders(envelope: Envelope) -> Iterator[tuple[str, str]]:
    """Yield (place, code) of each field that says who sends: the head's, and each table's."""
    yield HEAD, envelope.facility
    for hoso in envelope.hosos:
        for kind, root in hoso.files:
            # In any namespace, at any depth: what the tables do not read counts too.
            for element in root.iter(f"{{*}}{SENDER}"):
                if code := (element.text or "").strip():
                    yield f"HOSO[{hoso.index}].{kind}.{SENDER}", code


async def owned(
    context: Context, transaction: Transaction, type_: str, ids: Collection[str]
) -> set[str]:
    """Give those of these resources that this submission may change."""
    mine = own(context.caller)
    if isinstance(mine, Everything) or not ids:
        return set(ids)
    found = await transaction.search(type_, both(AnyOf("_id", tuple(ids)), mine), len(ids))
    return {one.id for one in found}
