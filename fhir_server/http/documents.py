"""Documents that are no FHIR, for everybody to read: key sets, status lists, heads of logs."""

import asyncio
from collections.abc import Iterable

from fastapi import APIRouter, Request, Response

from fhir_server.fhir.errors import FhirError
from fhir_server.http.log import crash_line
from fhir_server.plugin import Document


def router(documents: Iterable[Document]) -> APIRouter:
    """Give a route for each document; a refusal has a status and no body."""
    routes = APIRouter(include_in_schema=False)
    for one in documents:
        _add(routes, one)
    return routes


def _add(routes: APIRouter, document: Document) -> None:
    async def told(request: Request) -> Response:
        asked = {**request.query_params, **request.path_params}
        try:
            body = await asyncio.to_thread(document.answer, asked)
        except FhirError as error:
            return Response(status_code=error.status, headers=dict(error.headers))
        except Exception:  # noqa: BLE001 the last line of defence: nothing of it reaches the caller
            crash_line(b"document")
            return Response(status_code=500)
        headers = {
            "Cache-Control": f"public, max-age={document.seconds}",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(body, headers=headers, media_type=document.media_type)

    routes.add_api_route(document.path, told, methods=["GET", "HEAD"])
