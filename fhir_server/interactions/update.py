"""The update interaction, plain and conditional.

https://hl7.org/fhir/R4/http.html#update
"""

from collections.abc import Sequence

from msgspec import structs

from fhir_server.fhir.errors import Conflict, Invalid, MethodNotAllowed
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import conditions
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.write import change, received
from fhir_server.interactions.writing import Located, Matches, Write, Writing
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction


async def asked(context: Context, request: FhirRequest, target: Target) -> Write:
    """Read an update; of a conditional one the resource's own id counts only where it has one."""
    type_ = target.type or ""
    condition = conditions.aimed(context, request, target)
    resource, warnings = await received(context, type_, request)
    own = resource.get("id")
    if target.id not in (None, own):
        raise Invalid(
            f"The resource's id is {own!r}, the URL's is {target.id!r}; "
            "an update needs both to be the same.",
            expression=f"{type_}.id",
        )
    preconditions = conditions.preconditions(request.headers)
    return Write(
        "update",
        type_,
        own or "",
        resource,
        criteria=condition,
        preconditions=preconditions,
        warnings=warnings,
    )


async def located(
    context: Context, transaction: Transaction, write: Write, matches: Matches
) -> Located:
    """Give the id to put the resource at: the URL's, the one found, its own, or a new one.

    https://hl7.org/fhir/R4/http.html#cond-update
    """
    if write.criteria is None:
        return Located(write, (write.id,))
    found = conditions.only_one(write, matches)
    if found is None:
        await conditions.lock(transaction, write)
        if write.id and await transaction.read(write.type, write.id, write.code):
            raise Conflict(
                f"{write.type}/{write.id} is there, but the condition does not match it."
            )
        return Located(write, (write.id or context.new_id(),))
    if write.id not in ("", found):
        raise Invalid(
            f"The condition matches {write.type}/{found}, the resource says {write.id!r}.",
            expression=f"{write.type}.id",
        )
    return Located(write, (found,))


async def changes(context: Context, transaction: Transaction, located: Located) -> Sequence[Change]:
    """Give the Change; a resource that is not there yet is created where the setting allows.

    A patient's or a user's client names no new resource: such an id is as one that is out of reach.
    """
    write, [id_] = located.write, located.ids
    assert write.resource is not None
    expected = await conditions.expected(transaction, write, id_)
    own_id = write.criteria is None or write.id != ""
    must_exist = own_id and not context.caller.chooses_ids
    makes_none = own_id and not must_exist and not context.limits.update_create
    if makes_none and not await transaction.read(write.type, id_, write.code):
        raise MethodNotAllowed(f"{write.type}/{id_} is not known, and ids are the server's.")
    made = change(
        context,
        write.type,
        id_,
        write.resource,
        method="update",
        expected=expected,
        references=write.references,
    )
    return (structs.replace(made, must_exist=must_exist),)


UPDATE = Writing("update", asked, located, changes)
