"""A guest's site: under a prefix, with pages, texts, templates and cookies of its own."""

import asyncio
import json
import sys
from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI

from fhir_server.oauth import users
from fhir_server.oauth.users import User
from fhir_server.pages.answers import File, Goto, Page
from fhir_server.pages.router import ENTRANCE, Row, router
from fhir_server.pages.words import LANGUAGES
from tests.pages.browser import ORIGIN, PASSWORD, Browser, token

GUEST = "a_guest_of_the_pages"
SAID = {"site": "Nhà khách", "hello": "Chào {name}", "nav.hello": "Chào", "nav.desk": "Bàn"}
HELLO = (
    '{% extends "base.html" %}{% block main %}<h1>{{ say("hello", name=name) }}</h1>{% endblock %}'
)


async def hello(visit):
    return Page("hello", {"name": visit.parts.get("name", "")})


async def on(_):
    return Goto("hello")


async def file(_):
    return File(b"%PDF-", "application/pdf", "a.pdf")


ROWS = (
    Row("hello", hello),
    Row("hello/{name}", hello, on, signed_in=False),
    Row("file/of/{name}", file, on, role="Person"),
    Row("desk", hello, role="clerk"),
)


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """Give a package of a guest, importable while the module's tests run."""
    folder = tmp_path_factory.mktemp("guest")
    for language in LANGUAGES:
        write(folder / GUEST / "messages" / f"{language}.json", json.dumps(SAID))
    write(folder / GUEST / "templates" / "hello.html", HELLO)
    write(folder / GUEST / "__init__.py", "")
    sys.path.insert(0, str(folder))
    yield GUEST
    sys.path.remove(str(folder))
    sys.modules.pop(GUEST, None)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
async def house(site, guest):
    menu = (("desk", "clerk"), ("hello", ""))
    own = replace(site.oauth, issuer=f"{ORIGIN}/house/oauth")
    guests = replace(site, oauth=own, prefix="/house", guest=guest, menu=menu)
    app = FastAPI()
    app.include_router(router(site))
    app.include_router(router(guests, ROWS, ENTRANCE))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield Browser(http, guests)


@pytest.fixture
async def holder(oauth):
    user = User("holder", fhir_user="Person/h1")
    return await asyncio.to_thread(users.add, oauth.records, user, PASSWORD)


async def signed_in(house, name):
    fields = [("csrf", token(await house.get("house/sign-in")))]
    fields += [("username", name), ("password", PASSWORD)]
    return await house.post("house/sign-in", fields)


async def test_a_page_with_a_part_in_its_path_is_read_without_signing_in(house):
    page = await house.get("house/hello/<b>")
    assert page.status_code == 200
    assert "<h1>Chào &lt;b&gt;</h1>" in page.text
    assert "Nhà khách" in page.text


async def test_what_a_deep_page_leads_to_is_beside_its_site(house):
    assert 'href="../style.css"' in (await house.get("house/hello/x")).text
    form = [("csrf", token(await house.get("house/sign-in")))]
    assert (await house.post("house/hello/x", form)).headers["location"] == "../hello"
    assert (await house.get("house/style.css")).status_code == 200


async def test_a_guest_has_cookies_of_its_own(house):
    names = [(await house.get(path)).headers["set-cookie"] for path in ("sign-in", "house/sign-in")]
    assert [name.partition("=")[0] for name in names] == ["visitor", "house-visitor"]


async def test_who_signed_in_there_is_nobody_here(house, holder):
    await signed_in(house, "holder")
    assert (await house.get("house/hello")).status_code == 200
    assert (await house.get("apps")).headers["location"] == "sign-in?to=apps"


async def test_a_sign_in_leads_to_the_first_page_that_is_the_users(house, holder):
    assert (await signed_in(house, "holder")).headers["location"] == "hello"
    page = await house.get("house/hello")
    assert 'href="desk"' not in page.text
    assert (await house.get("house/desk")).status_code == 403


async def test_a_page_for_a_kind_of_user_asks_who_comes(house, holder, operator):
    answer = await house.get("house/file/of/x")
    assert answer.headers["location"] == "../../sign-in?to=file"
    await signed_in(house, "operator")
    assert (await house.get("house/file/of/x")).status_code == 403
    house.http.cookies.clear()
    await signed_in(house, "holder")
    answer = await house.get("house/file/of/x")
    assert (answer.content, answer.headers["content-type"]) == (b"%PDF-", "application/pdf")
    assert answer.headers["content-disposition"] == 'attachment; filename="a.pdf"'
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_guest_leaves_out_pages_about_health_records(house):
    for path in ("access-log", "developers", "review"):
        assert (await house.get(f"house/{path}")).status_code == 404


async def test_the_engines_own_texts_are_there_for_a_guest(house):
    assert "Đăng nhập" in (await house.get("house/sign-in")).text
