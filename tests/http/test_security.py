"""Who asks: what is noted of a request at the door."""

from dataclasses import replace

import httpx2
import pytest

from fhir_server.base import Asked, Base
from fhir_server.fhir.errors import Unauthorized
from fhir_server.fhir.exchange import FhirResponse
from fhir_server.http import endpoint
from fhir_server.interactions import table
from fhir_server.interactions.context import Context
from fhir_server.interactions.operation import Operation
from tests.interactions.test_audit import APP, noted, told, watched

__all__ = ["watched"]


async def _ask(context: Context, path: str, client: str) -> int:
    async def authenticate(_: Asked):
        failure = Unauthorized("The token is no longer good.")
        failure.client = client
        raise failure

    base = Base("/fhir", context, table.build(()), authenticate)

    async def app(scope, receive, send) -> None:
        await endpoint.answer(base, scope, receive, send)

    transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 123))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test.invalid") as http:
        return (await http.get(f"/fhir/{path}", headers={"X-Request-Id": "r-9"})).status_code


@pytest.mark.parametrize(("client", "count"), [("app", 1), ("", 0)])
async def test_a_token_that_was_good_once_is_noted_as_refused(watched, client, count):
    assert await _ask(watched.context, "Observation/1", client) == 401
    events = await noted(watched)
    assert [told(event) for event in events] == [("read", "a", "4")] * count
    assert [event["outcomeDesc"] for event in events] == ["401 login"] * count


@pytest.mark.parametrize("wanted", [False, True])
async def test_an_address_is_noted_only_where_that_is_set(watched, wanted):
    limits = replace(watched.context.limits, audit_addresses=wanted)
    await _ask(watched.context.but(limits=limits), "Observation/1", "app")
    [event] = await noted(watched)
    [client] = [one for one in event["agent"] if "identifier" in one["who"]]
    assert client.get("network") == ({"address": "192.0.2.7", "type": "2"} if wanted else None)
    assert event["entity"][-1]["what"] == {"identifier": {"value": "r-9"}}
    assert APP.token not in str(event)


async def test_who_needs_no_token_comes_from_an_address_too(watched):
    seen = []

    async def handler(context, _request, _target):
        seen.append(context.origin.peer)
        return FhirResponse(200, b"{}")

    routes = table.build([Operation("open", "system", handler, "http://test.invalid/open")])
    base = Base("/fhir", watched.context, routes, open=frozenset({"$open"}))

    async def app(scope, receive, send) -> None:
        await endpoint.answer(base, scope, receive, send)

    transport = httpx2.ASGITransport(app=app, client=("192.0.2.7", 123))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test.invalid") as http:
        assert (await http.get("/fhir/$open")).status_code == 200
    assert seen == ["192.0.2.7"]
