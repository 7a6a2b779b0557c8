"""What an operation on one resource starts from: its current version, or 404, or 410."""

from fhir_server.fhir.errors import Gone, NotFound
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.write import check_id, check_type
from fhir_server.store.documents import Stored
from fhir_server.store.transact import Transaction


def key(context: Context, target: Target) -> tuple[str, str]:
    """Give the type and id the URL names; NotSupported or Invalid where they cannot be."""
    type_, identity = target.type or "", target.id or ""
    check_type(context, type_)
    check_id(identity)
    return type_, identity


async def current(context: Context, interaction: str, type_: str, identity: str) -> Stored:
    """Give the current version; NotFound where there is none, Gone where it was deleted."""
    allow = context.allow(interaction, type_)
    stored = await context.store.read(allow, type_, identity)
    if stored is None:
        raise NotFound(f"{type_}/{identity} is not known.")
    if stored.deleted:
        raise Gone(f"{type_}/{identity} was deleted.")
    return stored


async def standing(transaction: Transaction, type_: str, identity: str) -> Stored:
    """Give the current version in a transaction's snapshot; NotFound or Gone without one."""
    stored = await transaction.read(type_, identity)
    if stored is not None:
        return stored
    last = await transaction.last_version(type_, identity)
    if last is not None and last.deleted:
        raise Gone(f"{type_}/{identity} was deleted.")
    raise NotFound(f"{type_}/{identity} is not known.")
