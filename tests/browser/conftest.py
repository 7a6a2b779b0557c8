"""A real browser before the pages: Debian's Chromium, or the one CHROMIUM names."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright

from fhir_server.pages.router import router

# Fixtures of the pages' own tests, over another origin.
from tests.pages.conftest import app, citizen, oauth, operator, site

__all__ = ["app", "citizen", "oauth", "operator", "site"]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
# What the app's own page shows, wherever the browser is sent back to it.
APP_PAGE = "<!doctype html><title>App</title><h1>Back in the app</h1>"


@pytest.fixture
def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@pytest.fixture
def origin(listener) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
async def served(site, listener) -> AsyncIterator[None]:
    """Serve the pages on a socket."""
    pages = FastAPI()
    pages.include_router(router(site))
    server = uvicorn.Server(uvicorn.Config(pages, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))
    yield
    server.should_exit = True
    await serving


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium is installed here: see docs/pages.md")
    async with async_playwright() as playwright:
        # Chromium's own sandbox does not start for root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture
async def phone(chromium, served, origin) -> AsyncIterator[Page]:
    """Give a page of a small phone that speaks Vietnamese; the app's site is answered here."""
    context = await chromium.new_context(
        base_url=f"{origin}/", viewport={"width": 320, "height": 640}, locale="vi-VN"
    )
    await context.route(
        "https://app.example.org/**",
        lambda route: route.fulfill(body=APP_PAGE, content_type="text/html"),
    )
    page = await context.new_page()
    yield page
    await context.close()
