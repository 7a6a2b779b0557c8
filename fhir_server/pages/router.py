"""The routes of the pages: a table, and the one road every request to them takes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from fhir_server.fhir.errors import Unavailable
from fhir_server.pages import access_log, answers, apps, consent, developers, review, sign_in, visit
from fhir_server.pages.answers import Answer, File, Goto, Page
from fhir_server.pages.refusals import Refused
from fhir_server.pages.site import Site, is_a
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import LANGUAGES

# How long a form, and a body that stands still, are waited for.
_BODY_SECONDS = 30.0
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Row:
    """A page: who may ask for it, and what answers GET and POST.

    `path` may have names for parts, as `v/{code}`. `role` is as `is_a` takes it.
    """

    path: str
    get: Callable[[Visit], Awaitable[Answer]] | None = None
    post: Callable[[Visit], Awaitable[Answer]] | None = None
    signed_in: bool = True
    role: str = ""

    @property
    def methods(self) -> list[str]:
        """What the page can be asked with."""
        return [name for name, handler in (("GET", self.get), ("POST", self.post)) if handler]

    @property
    def root(self) -> str:
        """What leads from this page to the first of its site, as part of a relative address."""
        return "../" * self.path.count("/")


# What every authorization server needs; the others are about health records.
ENTRANCE = (
    Row("sign-in", sign_in.show, sign_in.answer, signed_in=False),
    Row("sign-out", post=sign_in.leave),
    Row("consent", consent.show, consent.answer),
    Row("apps", apps.show, apps.answer),
)
ROWS = (
    *ENTRANCE,
    Row("access-log", access_log.show, access_log.show),
    Row("developers", developers.show, developers.answer),
    Row("review", review.show, review.answer, role="operator"),
)


# No page of ours, but it answers people with one where it has to refuse them.
_AUTHORIZE = Row("oauth/authorize")


def router(site: Site, more: Sequence[Row] = (), ours: Sequence[Row] = ROWS) -> APIRouter:
    """Give the routes of the pages, of `more` pages, and of their stylesheet."""
    routes = APIRouter()
    for row in (*ours, *more):
        road = partial(_answered, site, row)
        path = f"{site.prefix}/{row.path}"
        routes.add_route(path, road, methods=row.methods, include_in_schema=False)

    @routes.get(f"{site.prefix}/style.css", include_in_schema=False)
    async def style() -> Response:
        return answers.style()

    return routes


async def _answered(site: Site, row: Row, request: Request) -> Response:
    """Read, check, let the page answer; a refusal is a page too."""
    here = await visit.arrived(site, request)
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            here = await visit.read(here, request)
        answer = await _allowed(row, here, request.method)
    except Refused as refused:
        answer = _refusal(refused.status, refused.key)
    except (TimeoutError, ClientDisconnect):
        answer = _refusal(408, "refused.form")
    except Unavailable:
        answer = _refusal(503, "refused.unavailable")
    return _sent(row, here, request, answer)


async def _allowed(row: Row, here: Visit, method: str) -> Answer:
    if row.signed_in and here.session is None:
        return Goto(f"sign-in?{urlencode(_return(row, here))}")
    if row.role and not is_a(here.signed_in.user, row.role):
        raise Refused(403, "refused.role")
    handler = row.post if method == "POST" else row.get
    assert handler is not None
    return await handler(here)


def _return(row: Row, here: Visit) -> dict[str, str]:
    asked = here.query.one("request") or here.form.one("request")
    return {"request": asked} if asked else {"to": row.path.partition("/")[0]}


async def refused(site: Site, request: Request, status: int, told: str) -> Response:
    """Give the page for who was sent to `oauth/authorize` in a way that leads nowhere.

    `told` is for the developer of what sent him.
    """
    here = await visit.arrived(site, request)
    key = "refused.unavailable" if status == Unavailable.status else "refused.app"
    return _sent(_AUTHORIZE, here, request, Page("refused", {"key": key, "told": told}, status))


def _refusal(status: int, key: str) -> Page:
    return Page("refused", {"key": key}, status)


def _sent(row: Row, here: Visit, request: Request, answer: Answer) -> Response:
    session = None
    if isinstance(answer, Page):
        response = answers.page(answer, _common(row, here), here.site.guest)
    elif isinstance(answer, File):
        response = answers.file(answer)
    else:
        response, session = answers.goto(answer, row.root), answer.session
    if session is not None:
        _keep(response, here, "session", session)
        _keep(response, here, "visitor", "")
    elif here.session is None:
        _keep(response, here, "visitor", here.visitor)
    if request.query_params.get("lang") in LANGUAGES:
        _keep(response, here, "lang", here.language, _YEAR)
    return response


def _common(row: Row, here: Visit) -> dict[str, Any]:
    kept = [(name, value) for name in ("request", "to") for value in here.query.all(name)[:1]]
    links = {one: "?" + urlencode([*kept, ("lang", one)]) for one in LANGUAGES}
    user = here.session.user if here.session else None
    return {
        "say": here.say,
        "texts": here.texts,
        "language": here.language,
        "languages": links,
        "here": row.path,
        "root": row.root,
        "menu": here.site.menu_of(user) if user else (),
        "csrf": here.csrf,
        "user": user,
    }


def _keep(
    response: Response, here: Visit, name: str, value: str, seconds: int | None = None
) -> None:
    """Set a cookie, or take it away where the value is empty."""
    response.set_cookie(
        here.site.cookie(name),
        value,
        max_age=seconds if value else 0,
        path="/",
        secure=here.site.secure,
        httponly=True,
        samesite="lax",
    )
