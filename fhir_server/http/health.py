"""What is not FHIR and always there: health and metrics, typed for their OpenAPI description."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from fhir_server.base import Base
from fhir_server.fhir.errors import Unavailable
from fhir_server.http import metrics


class Live(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class Ready(BaseModel):
    """The database takes writes."""

    status: Literal["ready"] = "ready"


class NotReady(BaseModel):
    """The database takes no writes."""

    status: Literal["not ready"] = "not ready"
    reason: str = "the database takes no writes"


_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {
        "model": NotReady,
        "description": "Ask again after `Retry-After` seconds.",
        "headers": {"Retry-After": {"schema": {"type": "integer"}}},
    }
}
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Metrics in Prometheus' text format.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


def router(bases: Callable[[], Sequence[Base]]) -> APIRouter:
    """Give the routes; `bases` tells which bases are open now."""
    routes = APIRouter()

    @routes.get("/health/live")
    async def live() -> Live:
        """Say that the process answers."""
        return Live()

    @routes.get("/health/ready", response_model=Ready, responses=_NOT_READY)
    async def ready() -> Response:
        """Say whether the database takes writes: one is tried in every base."""
        try:
            for base in bases():
                await base.context.store.probe()
            if bases():
                return _json(Ready(), 200)
        except Unavailable:
            pass
        return _json(NotReady(), 503, {"Retry-After": "5"})

    @routes.get("/metrics", response_class=Response, responses=_TEXT)
    async def expose() -> Response:
        """Give the metrics of all workers."""
        for base in bases():
            with suppress(Unavailable):
                metrics.jobs(base.path, await base.context.store.jobs.count())
        body, content_type = metrics.exposition()
        return Response(body, media_type=content_type)

    return routes


def _json(told: BaseModel, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(told.model_dump_json(), status, headers, media_type="application/json")
