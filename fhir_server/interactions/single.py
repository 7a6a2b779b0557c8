"""One write on its own road: the same plan and the same commit as in a Bundle."""

from collections.abc import Sequence

from fhir_server.interactions.context import Context
from fhir_server.interactions.plan import PLANS, Write
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction


async def commit_one(context: Context, interaction: str, write: Write) -> tuple[Stored, bool]:
    """Commit the write; give what is stored now, and whether this call changed it."""
    found: list[Stored] = []

    async def planned(transaction: Transaction) -> Sequence[Change]:
        found.clear()
        outcome = await PLANS[write.method](context, transaction, write)
        if isinstance(outcome, Change):
            return (outcome,)
        found.append(outcome)
        return ()

    allow = context.allow(interaction, write.type)
    committed = await context.store.transact(allow, planned)
    return (committed[0], committed[0].changed) if committed else (found[0], False)
