"""The routes of the authorization server: bytes in, bytes out, its synchronous core in threads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from fhir_server.fhir.errors import Invalid, TooLarge, UnsupportedMediaType
from fhir_server.fhir.ids import digits
from fhir_server.fhir.media import parse
from fhir_server.http.log import crash_line
from fhir_server.oauth import (
    authorize,
    discovery,
    introspection,
    keys,
    launch,
    par,
    registration,
    revocation,
    token,
)
from fhir_server.oauth import exchange as plain
from fhir_server.oauth.exchange import FORM, Answer, pairs
from fhir_server.oauth.server import OAuth

_MAX_BODY = 64 * 1024
_JSON = "application/json"
_REFUSED = 400
# Shorter than a key stays published after its last use.
_KEPT = (("Cache-Control", "public, max-age=600"),)


# The request of a browser, a status, what was wrong → a page that says so.
Shown = Callable[[Request, int, str], Awaitable[Response]]


def router(oauth: OAuth, base_path: str, shown: Shown | None = None) -> APIRouter:
    """Give the routes of an authorization server; `base_path` is its FHIR base's, `/fhir`.

    They are beside that: `/oauth/…` for `/fhir`, `/legal/oauth/…` for `/legal/fhir`. Who was sent
    to one of them by an app that may not be sent an error is `shown` a page, or told JSON.
    """
    routes, own = APIRouter(include_in_schema=False), APIRouter()
    beside = f"{base_path.rpartition('/')[0]}/oauth"

    @own.get("/authorize")
    async def authorize_by_url(request: Request) -> Response:
        query = request.scope["query_string"]
        return await seen(request, lambda: authorize.answer(oauth, pairs(query)))

    @own.post("/authorize")
    async def authorize_by_form(request: Request) -> Response:
        body = await body_of(request)
        return await seen(request, lambda: authorize.answer(oauth, _form(request, body)))

    async def seen(request: Request, make: Callable[[], Answer]) -> Response:
        answer = await _made(make)
        people = "text/html" in request.headers.get("accept", "")
        if answer.status < _REFUSED or not people or shown is None:
            return _told(answer)
        body = answer.body or {}
        told = ": ".join(str(body[one]) for one in ("error", "error_description") if one in body)
        return await shown(request, answer.status, told)

    @own.post("/launch")
    async def launched(request: Request) -> Response:
        body, told = await body_of(request), headers_of(request).get("authorization", "")
        return await answered(lambda: launch.answer(oauth, within(body), told))

    @own.post("/register")
    async def registered(request: Request) -> Response:
        body, address = await body_of(request), address_of(request)
        return await answered(lambda: registration.register(oauth, within(body), address))

    @own.api_route("/register/{id_}", methods=["GET", "PUT", "DELETE"])
    async def registration_of(request: Request, id_: str) -> Response:
        body, told = await body_of(request), headers_of(request).get("authorization", "")
        asked = registration.BY_METHOD[request.method]
        return await answered(lambda: asked(oauth, id_, told, within(body)))

    for path, answer in (
        ("token", token.answer),
        ("revoke", revocation.answer),
        ("introspect", introspection.answer),
        ("par", par.answer),
    ):
        add_form(own, oauth, path, answer)
    for path, told in (
        (f"{base_path}/.well-known/smart-configuration", discovery.smart_configuration),
        (f"{beside}/.well-known/openid-configuration", discovery.openid_configuration),
        (f"{beside}/.well-known/oauth-authorization-server", discovery.metadata),
        (f"/.well-known/oauth-authorization-server{beside}", discovery.metadata),
        (f"{beside}/jwks", keys.published),
    ):
        _add_document(routes, oauth, path, told)
    routes.include_router(own, prefix=beside)
    return routes


def add_form(
    routes: APIRouter, oauth: OAuth, path: str, answer: Callable[[OAuth, plain.Request], Answer]
) -> None:
    """Add the endpoint `path`, under the server's own address, that clients post forms to."""

    async def endpoint(request: Request) -> Response:
        body = await body_of(request)
        headers, url, address = headers_of(request), oauth.url(path), address_of(request)
        return await answered(
            lambda: answer(oauth, plain.Request(url, _form(request, body), headers, address))
        )

    routes.add_api_route(f"/{path}", endpoint, methods=["POST"])


def _add_document(
    routes: APIRouter, oauth: OAuth, path: str, told: Callable[[OAuth], Mapping[str, Any]]
) -> None:
    """Add a document that is JSON whatever is accepted."""

    async def document() -> Response:
        return await answered(lambda: Answer(200, told(oauth), _KEPT))

    routes.add_api_route(path, document, methods=["GET", "HEAD"])


async def body_of(request: Request) -> bytes:
    """Give the body, of one that is too long the beginning."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            break
    return body


def within(body: bytes) -> bytes:
    """Give the body; raise TooLarge where it is over the limit."""
    if len(body) > _MAX_BODY:
        raise TooLarge(f"The body is over the limit of {_MAX_BODY} bytes.")
    return body


def _form(request: Request, body: bytes) -> plain.Pairs:
    """Read a posted form; all parameters are in it, none in the URL."""
    if parse(request.headers.get("content-type", ""))[0] != FORM:
        raise UnsupportedMediaType(f"Post a form: {FORM}.")
    if request.scope["query_string"]:
        raise Invalid("The form has all parameters; the URL has none.")
    return pairs(within(body))


def headers_of(request: Request) -> dict[str, str]:
    """Give the headers an endpoint is told, none of which stands twice."""
    sent = request.headers
    told = {name: sent.getlist(name) for name in ("authorization", "dpop") if name in sent}
    return {name: ", ".join(values) for name, values in told.items()}


def address_of(request: Request) -> str:
    """Give the address a request came from."""
    return request.client.host if request.client else ""


async def answered(make: Callable[[], Answer]) -> Response:
    """Run the synchronous core in a thread; whatever happens, an answer without a trace."""
    return _told(await _made(make))


async def _made(make: Callable[[], Answer]) -> Answer:
    try:
        return await asyncio.to_thread(plain.answered, make)
    except Exception:  # noqa: BLE001 the last line of defence: nothing of it reaches the caller
        crash_line(digits().encode())
        return Answer(500, plain.told("server_error", "The server failed."))


def _told(answer: Answer) -> Response:
    headers = {name.lower(): value for name, value in answer.headers}
    headers |= {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
    headers.setdefault("cache-control", "no-store")
    headers.pop("content-type", None)
    media_type = None if answer.body is None else _JSON
    return Response(answer.content, answer.status, headers, media_type=media_type)
