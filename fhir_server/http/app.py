"""The application: FHIR requests to their base, everything else to FastAPI.

A FHIR request passes no framework code at all (measured: a FastAPI route costs about 290 µs of
CPU, a plain ASGI dispatch about 85 µs).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import dataclass, replace
from importlib.metadata import version

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import RedirectResponse

from fhir_server.base import Base
from fhir_server.fhir.errors import FhirError, Unavailable
from fhir_server.http import cors, endpoint, health, limits, log, metrics
from fhir_server.http.cors import Origins
from fhir_server.http.exchange import Receive, Scope, Send
from fhir_server.http.limits import Limits

_ALWAYS = (*limits.UNCOUNTED, "/openapi.json")
# https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known
_BESIDE = "/.well-known/"
_RETRY_SECONDS = 2.0
_FAILED = 500


@dataclass(frozen=True, slots=True)
class Served:
    """What a process serves: its bases, and the routes beside them (OAuth, pages).

    `origins` tells the web origins whose pages may read answers; None where no page may.
    """

    bases: Sequence[Base]
    routers: Sequence[APIRouter] = ()
    origins: Origins | None = None
    limits: Limits | None = None


def together(served: Sequence[Served]) -> Served:
    """Give what several bases serve; other origins may read what the first one's apps may."""
    bases = [base for one in served for base in one.bases]
    routers = [router for one in served for router in one.routers]
    return replace(served[0], bases=bases, routers=routers)


class App:
    """ASGI application over bases that are opened when the process starts."""

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[Served]]) -> None:
        """Take what opens the bases on the running loop and closes them at the end."""
        self._opened = opened
        self._bases: Sequence[Base] = ()
        self._origins: Origins | None = None
        self._limits: Limits | None = None
        self.other = self._build()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] != "http":
            await self.other(scope, receive, send)
            return
        base = self._base(scope["path"])
        if self._origins and cors.asks(scope):
            fhir = base is not None and base.shared
            shared = await cors.shared(self._origins, scope, send, fhir=fhir)
            if shared is None:
                return
            send = shared
        try:
            limits.check_head(scope)
            if self._limits:
                self._limits.check(scope, fhir=base is not None)
        except FhirError as error:
            await endpoint.refused(scope, send, error)
            return
        if base:
            await endpoint.answer(base, scope, receive, send)
        elif self._bases or scope["path"].startswith(_ALWAYS):
            await self._beside(scope, receive, send)
        else:
            await endpoint.not_yet(scope, send)

    async def _beside(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not FHIR; of a failure the log has the place in the code, and no value."""
        began, request_id = time.perf_counter(), endpoint.request_id_of(scope)
        status, size = _FAILED, 0

        async def sending(message: Scope) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self.other(scope, receive, sending)
        except Exception:  # noqa: BLE001 answered 500 already, and raised for a log with its values
            log.crash_line(request_id)
        if not scope["path"].startswith(limits.UNCOUNTED):
            route, seconds = _route(scope), time.perf_counter() - began
            metrics.observe(route, status, seconds)
            log.access_line(request_id, scope["method"], route, (status, size), seconds)

    def _base(self, path: str) -> Base | None:
        """Give the base a path is in; `[base]/.well-known` is beside it."""
        for base in self._bases:
            if not path.startswith(base.path):
                continue
            rest = path[len(base.path) :]
            if rest[:1] in ("", "/"):
                return None if self._origins and rest.startswith(_BESIDE) else base
        return None

    async def _open(self, stack: AsyncExitStack) -> None:
        """Open the bases; leave them closed where their database does not answer."""
        try:
            served = await stack.enter_async_context(self._opened())
        except Unavailable as error:
            log.waiting_line(str(error))
            return
        for router in served.routers:
            self.other.include_router(router)
        self._origins, self._limits = served.origins, served.limits
        self._bases = served.bases

    async def _open_later(self, stack: AsyncExitStack) -> None:
        while not self._bases:
            await asyncio.sleep(_RETRY_SECONDS)
            await self._open(stack)

    def _build(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                await self._open(stack)
                opening = asyncio.create_task(self._open_later(stack))
                yield
                self._bases = ()
                opening.cancel()
                with suppress(asyncio.CancelledError):
                    await opening

        other = FastAPI(
            lifespan=lifespan,
            title="fhir-server: what is not FHIR",
            description="The FHIR API is described by its CapabilityStatement, `/fhir/metadata`.",
            version=version("fhir-server"),
            docs_url=None,
            redoc_url=None,
        )
        other.include_router(health.router(lambda: self._bases))

        @other.get("/", include_in_schema=False)
        async def home() -> Response:
            first = self._bases[0].path if self._bases else "/fhir"
            return RedirectResponse(f"{first}/metadata")

        return other


def _route(scope: Scope) -> str:
    """Give the route a request took, without what stood in its places; `unknown` for none."""
    if "endpoint" not in scope:
        return "unknown"
    names = {str(value): f"{{{name}}}" for name, value in scope["path_params"].items()}
    return "/".join(names.get(part, part) for part in scope["path"].split("/"))
