"""What a page answers with, and how that becomes HTML, headers and cookies.

No page has a script, so none is allowed; no page is framed, stored, or named to another site.
https://www.w3.org/TR/CSP3/ · https://owasp.org/www-project-secure-headers/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from fastapi import Response
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from fhir_server.pages.words import isolated

_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    # With no-referrer a browser sends `Origin: null` with our own forms, and they are judged by it:
    # https://fetch.spec.whatwg.org/#append-a-request-origin-header
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it is told; `targets` are sources a form of it may lead to besides us."""

    template: str
    told: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    targets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Goto:
    """Another address, a page's as from the first of its site (`apps`), or one elsewhere.

    `session` is the text of a session's new cookie, "" to take it away.
    """

    address: str
    session: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file to keep, of this media type; `name` is ASCII and says nothing of a person."""

    body: bytes
    type: str
    name: str


Answer = Page | Goto | File


@cache
def _templates(guest: str) -> Environment:
    loaders = [PackageLoader(one) for one in (guest, "fhir_server.pages") if one]
    templates = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["isolated"] = isolated
    return templates


def page(answer: Page, common: Mapping[str, Any], guest: str = "") -> Response:
    """Give a page with its headers; `common` is told to every template."""
    template = _templates(guest).get_template(f"{answer.template}.html")
    text = template.render(**common, **answer.told)
    policy = " ".join((_POLICY, *answer.targets))
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(text, answer.status, headers, "text/html")


def goto(answer: Goto, root: str = "") -> Response:
    """Give the way to another address, to be asked for with GET; `root` leads to our first page."""
    elsewhere = bool(urlsplit(answer.address).scheme)
    address = answer.address if elsewhere else f"{root}{answer.address}"
    return Response(status_code=303, headers={**_HEADERS, "Location": address})


def file(answer: File) -> Response:
    """Give a file; a browser keeps it, and runs nothing of it."""
    headers = {
        **_HEADERS,
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Content-Disposition": f'attachment; filename="{answer.name}"',
    }
    return Response(answer.body, headers=headers, media_type=answer.type)


def style() -> Response:
    """Give the one stylesheet."""
    text = (files("fhir_server.pages") / "style.css").read_bytes()
    kept = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(text, headers=kept, media_type="text/css")
