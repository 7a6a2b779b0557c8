"""Introspection and revocation."""

import pytest

from fhir_server.oauth import authorize, grants, tokens
from tests.oauth.flow import BASE_URL, ISSUER, SCOPES, SECRET, basic

INACTIVE = b'{"active":false}'


async def ask(smart, token, client="clinic", **headers):
    form = {"token": token, "client_id": client, **smart.secret(client)}
    return await smart.post("introspect", form, **headers)


async def test_a_client_is_told_about_its_own_token(smart):
    told = await smart.tokens("clinic")
    answer = await ask(smart, told["access_token"])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "active": True,
        "scope": SCOPES,
        "client_id": "clinic",
        "exp": smart.clock() + told["expires_in"],
        "iat": smart.clock(),
        "token_type": "Bearer",
        "patient": "1",
        "need_patient_banner": True,
        "iss": ISSUER,
        "sub": "sub-1",
        "fhirUser": f"{BASE_URL}/Patient/1",
    }


async def test_of_every_token_that_is_not_good_the_same_is_said(smart):
    told, other = await smart.tokens("clinic"), await smart.tokens("app")
    revoked = await smart.tokens("clinic")
    await smart.post(
        "revoke", {"token": revoked["access_token"], "client_id": "clinic", "_secret": SECRET}
    )
    asked = [
        revoked["access_token"],
        other["access_token"],
        told["refresh_token"],
        told["id_token"],
        "random",
        "$ne",
        "x" * 10_000,
    ]
    for token in asked:
        answer = await ask(smart, token)
        assert (answer.status_code, answer.content) == (200, INACTIVE)
    smart.clock.at += told["expires_in"]
    assert (await ask(smart, told["access_token"])).content == INACTIVE


async def test_a_resource_server_asks_about_every_clients_tokens(smart):
    told = await smart.tokens("app")
    smart.register("gateway", kind="symmetric", scopes=["system/$introspect"])
    assert (await ask(smart, told["access_token"], "gateway")).json()["active"]
    client = authorize.clients.active(smart.oauth, "gateway")
    for scopes, status in ((["system/$introspect"], 200), (["system/*.rs"], 403)):
        grant = grants.new(smart.oauth, client, scopes, seconds=300)
        headers = {"Authorization": f"Bearer {tokens.issue(smart.oauth, grant, scopes)[0]}"}
        form = {"token": told["access_token"]}
        answer = await smart.http.post("/oauth/introspect", data=form, headers=headers)
        assert answer.status_code == status


async def test_nobody_unknown_asks(smart):
    token = (await smart.tokens("clinic"))["access_token"]
    for form, headers in (
        ({"token": token}, {}),
        ({"token": token, "client_id": "nobody"}, {}),
        ({"token": token, "client_id": "clinic"}, {}),
        ({"token": token}, {"Authorization": basic("clinic", "wrong")}),
        ({"token": token}, {"Authorization": f"Bearer {token}x"}),
    ):
        answer = await smart.http.post("/oauth/introspect", data=form, headers=headers)
        assert answer.status_code == 401
    assert (await ask(smart, "")).status_code == 400


async def test_a_revoked_access_token_ends_and_its_grant_goes_on(smart):
    told = await smart.tokens()
    answer = await smart.post("revoke", {"token": told["access_token"], "client_id": "app"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert not await smart.good(told["access_token"])
    assert (await smart.refresh("app", told["refresh_token"])).status_code == 200


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "nonsense"])
async def test_a_revoked_refresh_token_ends_everything(smart, hint):
    told = await smart.tokens()
    form = {"token": told["refresh_token"], "client_id": "app", "token_type_hint": hint}
    assert (await smart.post("revoke", form)).status_code == 200
    assert not await smart.good(told["access_token"])
    assert (await smart.refresh("app", told["refresh_token"])).status_code == 400


async def test_another_clients_token_is_left_alone(smart):
    smart.register("other")
    told = await smart.tokens()
    for token in (told["access_token"], told["refresh_token"], "random", "$ne"):
        answer = await smart.post("revoke", {"token": token, "client_id": "other"})
        assert (answer.status_code, answer.content) == (200, b"")
    assert await smart.good(told["access_token"])
    assert (await smart.refresh("app", told["refresh_token"])).status_code == 200
    assert (await smart.post("revoke", {"client_id": "app"})).status_code == 400
    assert (await smart.post("revoke", {"token": "x", "client_id": "clinic"})).status_code == 401


async def test_a_user_sees_and_ends_his_grants_and_no_others(smart):
    told = await smart.tokens()
    shown = grants.of_user(smart.oauth, "sub-1")
    assert [(one.client, one.client_name, one.patient) for one in shown] == [
        ("app", "App app", "1")
    ]
    assert shown[0].offline
    assert shown[0].expires == smart.clock() + grants.OFFLINE_SECONDS
    assert not grants.revoke(smart.oauth, shown[0].id, "sub-2")
    assert await smart.good(told["access_token"])
    smart.clock.at += 1
    assert grants.revoke(smart.oauth, shown[0].id, "sub-1")
    assert not await smart.good(told["access_token"])
    assert grants.of_user(smart.oauth, "sub-1") == []


def test_ending_the_grants_of_nobody_is_a_mistake():
    with pytest.raises(ValueError, match="nobody"):
        grants.end(None, "user", "")
