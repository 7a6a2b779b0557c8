"""One write on its own road: the same steps and the same commit as in a Bundle."""

from collections.abc import Sequence
from functools import partial

from msgspec import structs

from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond, search_parameters
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.idempotency import once
from fhir_server.interactions.links import refuse_searches
from fhir_server.interactions.routes import Handler
from fhir_server.interactions.snapshot import Snapshot
from fhir_server.interactions.writing import Located, Write, Writing
from fhir_server.search import definition
from fhir_server.store.documents import Change, Stored
from fhir_server.store.store import Store
from fhir_server.store.transact import Transaction

# Bytes of a body that keeps no other write waiting.
_SMALL = 64 * 1024


def handler(writing: Writing) -> Handler:
    """Give the handler of a writing interaction."""

    async def write(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
        asked = await writing.asked(context, request, target)
        if asked.resource is not None and context.limits.referential_integrity:
            asked = structs.replace(asked, references=refuse_searches(asked.resource))
        context.allow(writing.code, asked.type)
        located: list[Located] = []

        async def plan(transaction: Transaction) -> Sequence[Change]:
            keys = [] if asked.criteria is None else [(asked.type, asked.criteria)]
            matches = await Snapshot(context, transaction).matches(keys)
            located[:] = [await writing.located(context, transaction, asked, matches)]
            changes = await writing.changes(context, transaction, located[0])
            await search_parameters.judge(context, transaction, changes)
            return changes

        async def finish(made: Sequence[Stored], store: Store) -> FhirResponse:
            return await _answer(context, request, located[0], made, store)

        allow = partial(context.allow, writing.code)
        unique, only = once(context, request), _only(request, asked)
        return await context.store.answer(allow, plan, finish, unique, only=only)

    return write


def _only(request: FhirRequest, write: Write) -> str:
    """Give the resource of a write that may go together with others, "" of any other.

    Patches are judged and conditions looked up inside the transaction, deletes ask who refers to
    them, definitions and large bodies take their time: nobody waits for these.
    """
    small = 0 < len(request.body) <= _SMALL
    plain = write.code in ("create", "update") and write.criteria is None
    return f"{write.type}/{write.id}" if small and plain and write.type != definition.TYPE else ""


async def _answer(
    context: Context, request: FhirRequest, located: Located, made: Sequence[Stored], store: Store
) -> FhirResponse:
    write = located.write
    if write.code == "delete":
        return respond.deleted(request, made)
    if not located.found:
        [stored] = made
        if write.code == "patch" and not context.seen("read", write.type):
            # Who may change what he may not read is not shown what he changed.
            stored = structs.replace(stored, body=None)
        return respond.written(context.base_url, request, stored, told=write.warnings)
    found = await store.read_many(context.allow("search-type", write.type), write.type, located.ids)
    return respond.written(context.base_url, request, found[located.ids[0]], changed=False)
