"""What every base is put together from: audit, jobs, a store that is ready, outgoing requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import profiles
from fhir_server.fhir import json
from fhir_server.http.log import crash_line
from fhir_server.interactions.audit import event
from fhir_server.interactions.context import Context
from fhir_server.interactions.routes import Routes
from fhir_server.interactions.search_parameters import outdated, refresh
from fhir_server.jobs import request
from fhir_server.jobs.sealing import sealing
from fhir_server.jobs.worker import Kinds, Standing, Worker, working
from fhir_server.operations import reindex, search_parameters
from fhir_server.outbound.client import Outbound
from fhir_server.settings import Settings
from fhir_server.store.audit import Audit, Watch
from fhir_server.store.clock import wall
from fhir_server.store.first_load import FirstLoad
from fhir_server.store.indexes import Wanted
from fhir_server.store.sealer import Sealer
from fhir_server.store.signing import Signer
from fhir_server.store.store import Store


def outbound(settings: Settings) -> Outbound:
    """Give what asks servers of others."""
    return Outbound(frozenset(settings.outbound_origins))


@asynccontextmanager
async def audit(context: Context, key: bytes, checkpoints: Path | None) -> AsyncIterator[None]:
    """Sign what is written down of accesses, and seal it, while this process serves or works.

    `checkpoints` is a file that gets a line each minute.
    """
    store, signs = context.store, signer(context, key)
    store.watch = Watch(Audit(store.database, signs))
    async with sealing(Sealer(store.database, signs), wall, checkpoints):
        yield


def signer(context: Context, key: bytes) -> Signer:
    """Give what makes and signs the events of a base."""
    return Signer(key, partial(event, context), context.store.veil)


async def audit_key(settings: Settings, store: Store) -> bytes:
    """Give the key that signs events and seals; without a setting it is kept in the database."""
    return settings.audit_secret() or await store.secret("audit")


@asynccontextmanager
async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do work now and then while the context lasts.

    It may be done by several processes at once. A failure is left to the next time, and told.
    """

    async def turns() -> None:
        while True:
            try:
                await work()
            except Exception:  # noqa: BLE001 nothing may end what has to go on
                crash_line(b"work")
            await asyncio.sleep(seconds)

    turning = asyncio.create_task(turns())
    try:
        yield
    finally:
        turning.cancel()
        with suppress(asyncio.CancelledError):
            await turning


def kinds(routes: Routes) -> Kinds:
    """Give what a job may be: a kind and the function that does it."""
    return {
        request.KIND: request.kind(routes),
        reindex.KIND: reindex.run,
        search_parameters.KIND: search_parameters.build,
    }


def jobs(
    settings: Settings, context: Context, known: Kinds, stands: Standing
) -> AbstractAsyncContextManager[None]:
    """Give what works jobs in this process; nothing where the settings leave them to others."""
    if not settings.jobs_at_once:
        return nullcontext()
    return working(Worker(context, known, settings.jobs_at_once, standing=stands))


def default_indexes() -> Wanted:
    """Give the default index set: docs/search-performance.md says what each index serves."""
    folder = Path(profiles.__path__[0]) / "server"
    wanted: Wanted = json.parse((folder / "indexes.json").read_bytes())
    return wanted


async def prepared(context: Context, wanted: Wanted) -> Context:
    """Give the Context ready to serve: indexes built, older index formats known, a cursor key.

    What a first load that was killed left is mended.

    Without a key that paging links are signed with it gets one that is kept in the database.
    Raises Unavailable where the database does not answer.
    """
    store, spec = context.store, context.spec
    await store.prepare()
    await FirstLoad(store.database).mend()
    await store.indexing.ensure(wanted, spec.types)
    await refresh(context)
    return context.but(
        outdated=await outdated(context, spec.types),
        cursor_key=context.cursor_key or await store.secret("cursor"),
    )
