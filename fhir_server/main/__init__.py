"""The composition root: settings → definitions, store, guests, bases → application."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fhir_server.http import log
from fhir_server.http.app import App, Served, together
from fhir_server.main import health
from fhir_server.main.health import (
    definitions,
    health_context,
    health_store,
    plugins,
    sensitivity,
)
from fhir_server.main.parts import audit_key, default_indexes, kinds, outbound, prepared
from fhir_server.settings import Settings

__all__ = [
    "application",
    "audit_key",
    "default_indexes",
    "definitions",
    "health_context",
    "health_store",
    "kinds",
    "outbound",
    "plugins",
    "prepared",
    "sensitivity",
    "served",
    "work",
]


# Objects beyond those that went again, before the collector looks for circles among the new ones.
# Requests leave hardly any: at Python's own 700 looking is a seventh of what a create costs.
GARBAGE = 10_000


def application() -> App:
    """Give the ASGI application of this process, its settings read from the environment."""
    # What was imported stays: no collection of garbage has to walk through it. Importing goes
    # without any (gc.disable where a process begins); serving does not.
    gc.freeze()
    gc.enable()
    gc.set_threshold(GARBAGE)
    log.configure()
    settings = Settings()
    return App(lambda: served(settings))


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    """Open the health base and, where the settings want it, the legal one beside it."""
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(health.served(settings))]
        if settings.legal:
            # Its libraries are an extra, and take a second: nobody else needs them.
            from fhir_server.main import legal  # noqa: PLC0415 only where it is served

            found.append(await stack.enter_async_context(legal.served(settings)))
        gc.collect()
        gc.freeze()
        yield together(found)


async def work(settings: Settings, ended: asyncio.Event) -> None:
    """Work jobs in this process, and serve nothing, until `ended` is set."""
    log.configure()
    async with served(settings):
        await ended.wait()
