"""What a job's caller was given stands until it is revoked, not only until it runs out."""

from dataclasses import replace

import pytest

from fhir_server.access.caller import ANYONE_ON_LOOPBACK
from fhir_server.base import Asked
from fhir_server.oauth import grants, tokens
from fhir_server.oauth.standing import standing


@pytest.fixture
async def caller(smart):
    told = await smart.tokens("app")
    authenticate = tokens.authentication(smart.oauth, smart.clock.monotonic)
    return await authenticate(Asked(f"Bearer {told['access_token']}", "", "GET", ""))


async def test_a_token_that_has_run_out_still_stands(smart, caller):
    stands = standing(smart.oauth)
    assert await stands(caller)
    smart.clock.at += grants.ACCESS_SECONDS + 1
    assert await stands(caller)
    assert await stands(replace(caller, token="forgotten", grant="forgotten"))


@pytest.mark.parametrize("kind", ["tokens", "grants"])
async def test_what_was_revoked_does_not_stand(smart, caller, kind):
    id_ = caller.token if kind == "tokens" else caller.grant
    smart.oauth.records.change(kind, {"_id": id_}, {"revoked": True})
    assert not await standing(smart.oauth)(caller)


@pytest.mark.parametrize("status", ["suspended", "rejected", "pending"])
async def test_a_client_that_is_not_active_does_not_stand(smart, caller, status):
    smart.oauth.records.change("clients", {"_id": "app"}, {"status": status})
    assert not await standing(smart.oauth)(caller)
    assert not await standing(smart.oauth)(replace(caller, client="unknown"))


async def test_the_servers_own_jobs_stand(smart):
    assert await standing(smart.oauth)(ANYONE_ON_LOOPBACK)
