"""One request to a page, read and checked before any page sees it."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import Request
from markupsafe import Markup

from fhir_server.oauth import sessions
from fhir_server.oauth.sessions import Session
from fhir_server.pages import fields, words
from fhir_server.pages.fields import NOTHING, Fields
from fhir_server.pages.refusals import Refused
from fhir_server.pages.site import Site


@dataclass(frozen=True, slots=True)
class Visit:
    """`visitor` is a random word in a cookie, which forms before a sign-in are bound to.

    `cookie` is the session's, `address` the network address the request came from, `parts` are
    what the path says where the row's has `{names}`.
    """

    site: Site
    language: str
    visitor: str
    address: str
    query: Fields = NOTHING
    form: Fields = NOTHING
    session: Session | None = None
    cookie: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> Mapping[str, str]:
        """The catalogue in the visitor's language, a guest's over ours."""
        return words.catalogue(self.language, self.site.guest)

    def say(self, key: str, /, **values: Any) -> Markup:
        """Give a text in the visitor's language."""
        return words.say(self.texts, key, **values)

    @property
    def csrf(self) -> str:
        """The word every form of this visitor carries: the session's, or one made of the cookie."""
        if self.session:
            return self.session.csrf
        return hashlib.sha256(f"form {self.visitor}".encode()).hexdigest()

    @property
    def signed_in(self) -> Session:
        """The session of a page that needs one."""
        assert self.session is not None
        return self.session


async def arrived(site: Site, request: Request) -> Visit:
    """Give who comes and in which language; nothing of the request is trusted yet."""
    cookies, asked = request.cookies, request.query_params.get("lang", "")
    kept = cookies.get(site.cookie("lang"), "")
    language = words.chosen(asked, kept, request.headers.get("accept-language", ""))
    visitor = cookies.get(site.cookie("visitor"), "") or secrets.token_urlsafe(32)
    address = request.client.host if request.client else ""
    return Visit(site, language, visitor, address, parts=request.path_params)


async def read(visit: Visit, request: Request) -> Visit:
    """Give the visit with its session, query and form; Refused for what our pages do not send.

    A form counts only from our own page: Origin and token both.
    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    cookie = request.cookies.get(visit.site.cookie("session"), "")
    session = await asyncio.to_thread(sessions.of, visit.site.oauth, cookie) if cookie else None
    visit = replace(
        visit, session=session, cookie=cookie, query=fields.parsed(request.scope["query_string"])
    )
    if request.method != "POST":
        return visit
    if request.headers.get("origin", "") != visit.site.origin:
        raise Refused(403, "refused.origin")
    form = await fields.posted(request.headers.get("content-type", ""), request.stream())
    if not hmac.compare_digest(form.one("csrf").encode(), visit.csrf.encode()):
        raise Refused(403, "refused.csrf")
    return replace(visit, form=form)
