"""Writes planned inside a transaction: what is looked at first, and the Change that follows.

A plan may run more than once: the store repeats it on a fresh snapshot after a conflict.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from fhir_server.fhir.errors import Invalid, MethodNotAllowed, PreconditionFailed
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change, deletion
from fhir_server.search.condition import Condition
from fhir_server.search.control import NAMES as CONTROL
from fhir_server.search.parse import parse
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction


@dataclass(frozen=True, slots=True)
class Write:
    """One write asked for, by HTTP or by a Bundle entry, its resource already checked."""

    method: str
    type: str
    id: str
    resource: dict[str, Any] | None = None
    expected: int | None = None
    if_none_exist: str | None = None


async def create(context: Context, transaction: Transaction, write: Write) -> Change | Stored:
    """Plan a create: a Change, or the resource that If-None-Exist found.

    https://hl7.org/fhir/R4/http.html#ccreate
    """
    assert write.resource is not None
    return await existing(context, transaction, write) or change(
        context, write.type, write.id, write.resource, method="create", must_not_exist=True
    )


async def existing(context: Context, transaction: Transaction, write: Write) -> Stored | None:
    """Give the one resource If-None-Exist finds; where there is none, lock the condition.

    PreconditionFailed when it finds more than one.
    """
    if write.if_none_exist is None:
        return None
    condition = criteria(context, write.type, write.if_none_exist)
    found = await transaction.search(write.type, condition, 2)
    if len(found) > 1:
        raise PreconditionFailed(f"If-None-Exist matches more than one {write.type}.")
    if not found:
        await transaction.lock(f"{write.type}?{condition}")
        return None
    return found[0]


async def update(context: Context, transaction: Transaction, write: Write) -> Change | Stored:
    """Plan an update; a resource that does not exist yet is created where the setting allows."""
    assert write.resource is not None
    if not context.limits.update_create and not await transaction.read(write.type, write.id):
        raise MethodNotAllowed(f"{write.type}/{write.id} is not known, and ids are the server's.")
    return change(
        context, write.type, write.id, write.resource, method="update", expected=write.expected
    )


async def delete(context: Context, transaction: Transaction, write: Write) -> Change | Stored:
    """Plan a delete; the store leaves alone what is gone already and refuses what never was.

    https://hl7.org/fhir/R4/http.html#delete
    """
    _ = context, transaction
    return deletion(write.type, write.id, expected=write.expected)


PLANS = {"POST": create, "PUT": update, "DELETE": delete}


def criteria(context: Context, type_: str, query: str) -> Condition:
    """Give the Condition of a conditional interaction's query; it must select something."""
    parameters = tuple(parse_qsl(query.lstrip("?"), keep_blank_values=True))
    if not parameters or any(name in CONTROL for name, _ in parameters):
        raise Invalid(f"A condition needs search criteria only, not {query[:120]!r}.")
    found = parse(
        context.spec,
        type_,
        parameters,
        base_urls=(context.base_url,),
        zone=context.zone,
        strict=True,
        default_count=2,
        max_count=2,
    )
    return found.condition
