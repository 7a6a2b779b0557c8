"""The composition root: settings → definitions, store, guests, bases → application."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import profiles
from fhir_server.access.caller import ANYONE_ON_LOOPBACK
from fhir_server.base import Base
from fhir_server.http import log
from fhir_server.http.app import App
from fhir_server.interactions import table
from fhir_server.interactions.context import Context, Limits
from fhir_server.operations import OPERATIONS
from fhir_server.plugin import Plugin
from fhir_server.settings import Settings
from fhir_server.spec import spec
from fhir_server.store import indexes, records
from fhir_server.store.store import Store, opened
from mappings.plugin import PLUGIN as MAPPINGS

# Guests are listed by hand; nothing is scanned.
PLUGINS: Sequence[Plugin] = (MAPPINGS,)


def application() -> App:
    """Give the ASGI application of this process, its settings read from the environment."""
    log.configure()
    settings = Settings()
    return App(lambda: bases(settings))


def definitions() -> spec.Spec:
    """Give R4 and what the guests add to it, every search expression compiled."""
    folders = [folder for plugin in PLUGINS for folder in plugin.definitions]
    return spec.load([*folders, Path(profiles.__path__[0]) / "vn"])


@asynccontextmanager
async def bases(settings: Settings) -> AsyncIterator[Sequence[Base]]:
    """Open the health base: its own definitions, database and limits."""
    uri = settings.uri()
    assert uri is not None, "serve starts the embedded database first"
    compiled = definitions()
    async with opened(uri, settings.database, seconds=settings.transaction_seconds) as store:
        key = settings.cursor_secret() or await records.secret(store, "cursor")
        context = await health_context(settings, compiled, store, key)
        operations = [*OPERATIONS, *(one for plugin in PLUGINS for one in plugin.operations)]
        yield (Base("/fhir", context, table.build(operations)),)


async def health_context(
    settings: Settings, compiled: spec.Spec, store: Store, cursor_key: bytes
) -> Context:
    """Give the Context of /fhir, every index of the default set built."""
    formats = {type_: compiled.index_format(type_) for type_ in compiled.types}
    await indexes.ensure(store, indexes.wanted(compiled.types), formats)
    return Context(
        spec=compiled,
        store=store,
        base_url=settings.base_url.rstrip("/"),
        zone=settings.zone(),
        cursor_key=cursor_key,
        caller=ANYONE_ON_LOOPBACK,
        started=time.time_ns() // 1000,
        limits=Limits(
            settings.max_body_bytes,
            settings.max_bundle_entries,
            settings.default_count,
            settings.max_count,
            settings.update_create,
            settings.strict_search,
        ),
    )
