"""The delete interaction, plain and conditional.

https://hl7.org/fhir/R4/http.html#delete
"""

from collections.abc import Sequence

from fhir_server.fhir.errors import PreconditionFailed
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import conditions, questions
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.write import deletion
from fhir_server.interactions.writing import Located, Matches, Write, Writing
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction


async def asked(context: Context, request: FhirRequest, target: Target) -> Write:
    """Read a delete of one id, or of what a condition matches."""
    condition = conditions.aimed(context, request, target)
    preconditions = conditions.preconditions(request.headers)
    return Write(
        "delete",
        target.type or "",
        target.id or "",
        criteria=condition,
        preconditions=preconditions,
    )


async def located(
    context: Context, transaction: Transaction, write: Write, matches: Matches
) -> Located:
    """Give the ids to delete: several only where the setting allows as many.

    https://hl7.org/fhir/R4/http.html#3.1.0.7.1
    """
    if write.criteria is None:
        return Located(write, (write.id,))
    ids = tuple(matches[write.type, write.criteria])
    most = context.limits.conditional_delete_max
    if len(ids) > 1 and most > 1:
        condition = await questions.plain(context, transaction, write.type, write.criteria)
        rows = await transaction.search(write.type, condition, most + 1)
        ids = tuple(row.id for row in rows)
    if len(ids) > most:
        allowed = "one" if most == 1 else f"{most} at once"
        raise PreconditionFailed(
            f"The condition matches more {write.type} than may be deleted: {allowed}. "
            "Nothing was deleted.",
            code="multiple-matches",
        )
    return Located(write, ids)


async def changes(context: Context, transaction: Transaction, located: Located) -> Sequence[Change]:
    """Give the deletions; the store leaves alone what is gone already or never was."""
    write = located.write
    found = []
    for id_ in located.ids:
        expected = await conditions.expected(transaction, write, id_)
        found.append(deletion(context, write.type, id_, expected=expected))
    return found


DELETE = Writing("delete", asked, located, changes)
