"""Refresh tokens: bound, narrowed, rotated for public clients, ended by reuse and sign-out."""

import asyncio

import pytest

from fhir_server.oauth import grants
from tests.oauth.flow import SCOPES, approved

ONLINE = "openid launch/patient online_access patient/*.rs"


@pytest.mark.parametrize("client", ["app", "clinic"])
async def test_a_refresh_token_gets_another_access_token(smart, client):
    told = await smart.tokens(client)
    answer = await smart.refresh(client, told["refresh_token"])
    fresh = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert fresh["access_token"] != told["access_token"]
    assert (fresh["scope"], fresh["patient"], fresh["token_type"]) == (SCOPES, "1", "Bearer")
    assert fresh["expires_in"] == grants.ACCESS_SECONDS
    assert await smart.good(fresh["access_token"])


async def test_a_public_clients_second_use_ends_the_family(smart):
    told = await smart.tokens()
    fresh = (await smart.refresh("app", told["refresh_token"])).json()
    assert fresh["refresh_token"] != told["refresh_token"]
    assert await smart.good(fresh["access_token"])
    answer = await smart.refresh("app", told["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    smart.clock.at += 1
    assert not await smart.good(told["access_token"])
    assert not await smart.good(fresh["access_token"])
    assert (await smart.refresh("app", fresh["refresh_token"])).status_code == 400


async def test_of_64_who_refresh_at_once_a_public_client_gets_one_answer(smart):
    told = await smart.tokens()
    refresh = told["refresh_token"]
    answers = await asyncio.gather(*(smart.refresh("app", refresh) for _ in range(64)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert {answer.status_code for answer in answers} == {200, 400}
    smart.clock.at += 1
    assert not await smart.good(won[0]["access_token"])


async def test_a_confidential_client_keeps_its_refresh_token(smart):
    told = await smart.tokens("clinic")
    refresh = told["refresh_token"]
    answers = await asyncio.gather(*(smart.refresh("clinic", refresh) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert all("refresh_token" not in answer.json() for answer in answers)
    tokens = smart.oauth.records.find("tokens", {})
    assert len({one["grant"] for one in tokens}) == 1


async def test_a_refresh_token_of_another_client_is_none(smart):
    smart.register("other")
    told = await smart.tokens()
    assert (await smart.refresh("other", told["refresh_token"])).status_code == 400
    assert (await smart.refresh("clinic", told["refresh_token"])).status_code == 400
    assert (await smart.refresh("app", told["refresh_token"])).status_code == 200


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        ("patient/*.rs", 200),
        ("patient/Observation.rs", 200),
        ("patient/Observation.r?category=laboratory", 200),
        ("patient/*.read", 200),
        ("patient/*.cruds", 400),
        ("patient/Observation.u", 400),
        ("user/*.rs", 400),
        ("patient/*.rs system/*.rs", 400),
        ("nonsense", 400),
        ("patient/*.sr", 400),
    ],
)
async def test_a_refresh_may_narrow_and_never_widen(smart, scope, status):
    told = await smart.tokens()
    answer = await smart.refresh("app", told["refresh_token"], scope=scope)
    assert answer.status_code == status
    assert answer.json().get("scope", "") == (scope if status == 200 else "")
    if status == 400:
        assert answer.json()["error"] == "invalid_scope"
        return
    # What is asked for once does not narrow the grant.
    again = await smart.refresh("app", answer.json()["refresh_token"])
    assert again.json()["scope"] == SCOPES


@pytest.mark.parametrize("token", ["", "x", "$ne", "é", "a" * 5000])
async def test_what_is_no_refresh_token_is_refused(smart, token):
    assert (await smart.refresh("app", token)).status_code == 400


async def test_an_access_token_does_not_refresh(smart):
    told = await smart.tokens()
    assert (await smart.refresh("app", told["access_token"])).status_code == 400


async def test_an_offline_grant_lasts_ninety_days_and_no_longer(smart):
    told = await smart.tokens("clinic")
    smart.clock.at += grants.OFFLINE_SECONDS - 60
    last = (await smart.refresh("clinic", told["refresh_token"])).json()
    assert last["expires_in"] == 60
    smart.clock.at += 60
    assert (await smart.refresh("clinic", told["refresh_token"])).status_code == 400


async def test_online_access_ends_with_the_browser_session(smart):
    records = smart.oauth.records
    records.insert("sessions", {"_id": "session-1", "expires": smart.clock() + 3600})
    told = await smart.tokens("clinic", scope=ONLINE)
    assert (await smart.refresh("clinic", told["refresh_token"])).status_code == 200
    records.remove("sessions", {"_id": "session-1"})
    assert (await smart.refresh("clinic", told["refresh_token"])).status_code == 400


async def test_signing_out_ends_online_grants_and_leaves_offline_ones(smart):
    smart.oauth.records.insert("sessions", {"_id": "session-1", "expires": smart.clock() + 3600})
    online, offline = await smart.tokens(scope=ONLINE), await smart.tokens()
    grants.end(smart.oauth, "session", "session-1")
    smart.clock.at += 1
    assert not await smart.good(online["access_token"])
    assert (await smart.refresh("app", online["refresh_token"])).status_code == 400
    assert await smart.good(offline["access_token"])
    assert (await smart.refresh("app", offline["refresh_token"])).status_code == 200


async def test_what_the_operator_takes_from_a_client_is_gone_at_its_next_refresh(smart):
    smart.register("lab", kind="symmetric", clearance=["HIV"], facilities=["99001"])
    scope = f"{SCOPES} label/HIV"
    approval = approved(*scope.split(), labels=("HIV",))
    told = await smart.tokens("lab", approval, scope=scope)
    records = smart.oauth.records
    first = records.find("tokens", {"client": "lab"})[0]
    assert (first["clearance"], first["facilities"]) == (["HIV"], ["99001"])
    records.change("clients", {"_id": "lab"}, {"clearance": [], "facilities": []})
    await smart.refresh("lab", told["refresh_token"])
    second = next(
        one for one in records.find("tokens", {"client": "lab"}) if one["_id"] != first["_id"]
    )
    assert (second["clearance"], second["facilities"]) == ([], [])
