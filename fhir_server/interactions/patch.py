"""The patch interaction, plain and conditional.

https://hl7.org/fhir/R4/http.html#patch
"""

from collections.abc import Sequence

from msgspec import structs

from fhir_server.fhir import json
from fhir_server.fhir.errors import Gone, NotFound
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import conditions
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.write import change, checked
from fhir_server.interactions.writing import Located, Matches, Write, Writing
from fhir_server.patch.apply import read_patch
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction


async def asked(context: Context, request: FhirRequest, target: Target) -> Write:
    """Read the patch: JSON Patch, XML Patch or FHIRPath Patch, by its media type."""
    condition = conditions.aimed(context, request, target)
    media_type = request.headers.get("content-type", "application/fhir+json")
    return Write(
        "patch",
        target.type or "",
        target.id or "",
        patch=read_patch(context.spec, media_type, request.body, request.resource),
        criteria=condition,
        preconditions=conditions.preconditions(request.headers),
    )


async def located(
    _context: Context, _transaction: Transaction, write: Write, matches: Matches
) -> Located:
    """Give the id to patch; NotFound where the condition matches nothing."""
    if write.criteria is None:
        return Located(write, (write.id,))
    found = conditions.only_one(write, matches)
    if found is None:
        raise NotFound(f"The condition matches no {write.type}.")
    return Located(write, (found,))


async def changes(context: Context, transaction: Transaction, located: Located) -> Sequence[Change]:
    """Give the Change that stores the patched resource, if it is well made then."""
    write, [id_] = located.write, located.ids
    assert write.patch is not None
    expected = await conditions.expected(transaction, write, id_)
    current = await transaction.read(write.type, id_, write.code)
    if current is None or current.body is None:
        last = await transaction.last_version(write.type, id_, write.code)
        kind = Gone if last is not None and last.deleted else NotFound
        raise kind(f"{write.type}/{id_} is not there to be patched.")
    patched = write.patch.apply(json.parse_object(current.body))
    await checked(context, write.type, patched)
    made = change(context, write.type, id_, patched, method="patch")
    return (structs.replace(made, expected=expected or current.version),)


PATCH = Writing("patch", asked, located, changes)
