"""The create interaction, plain and conditional.

https://hl7.org/fhir/R4/http.html#create
"""

from collections.abc import Sequence

from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import conditions
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import change, check_type, received
from fhir_server.interactions.writing import Located, Matches, Write, Writing
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction


async def asked(context: Context, request: FhirRequest, target: Target) -> Write:
    """Read a create: an id of ours, and the condition of If-None-Exist."""
    type_ = target.type or ""
    check_type(context, type_)
    only(request)
    query = request.headers.get("if-none-exist")
    resource, warnings = await received(context, type_, request)
    return Write(
        "create",
        type_,
        context.new_id(),
        resource,
        criteria=None if query is None else conditions.criteria(context, type_, query),
        warnings=warnings,
    )


async def located(
    _context: Context, transaction: Transaction, write: Write, matches: Matches
) -> Located:
    """Give the new id, or what If-None-Exist found; PreconditionFailed when it finds several.

    https://hl7.org/fhir/R4/http.html#ccreate
    """
    if write.criteria is None:
        return Located(write, (write.id,))
    found = conditions.only_one(write, matches)
    if found is not None:
        return Located(write, (found,), found=True)
    await conditions.lock(transaction, write)
    return Located(write, (write.id,))


async def changes(
    context: Context, _transaction: Transaction, located: Located
) -> Sequence[Change]:
    """Give the Change that makes the resource; none where it was found."""
    write = located.write
    if located.found:
        return ()
    assert write.resource is not None
    return (
        change(
            context,
            write.type,
            write.id,
            write.resource,
            method="create",
            must_not_exist=True,
            references=write.references,
        ),
    )


CREATE = Writing("create", asked, located, changes)
