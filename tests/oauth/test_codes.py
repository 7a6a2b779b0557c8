"""The authorization code flow, and what is wrong with it for a thief."""

import asyncio
import secrets

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from fhir_server.oauth import grants
from tests.oauth.flow import BACK, ISSUER, SCOPES, approved

VERIFIER = "v" * 43


@pytest.mark.parametrize("client", ["app", "clinic"])
async def test_an_app_gets_in_with_a_code(smart, client):
    told = await smart.tokens(client, nonce="n-1")
    assert told["token_type"] == "Bearer"
    assert told["scope"] == SCOPES
    assert told["expires_in"] == grants.ACCESS_SECONDS
    assert (told["patient"], told["need_patient_banner"]) == ("1", True)
    assert "encounter" not in told
    keys = KeySet.import_key_set((await smart.http.get("/oauth/jwks")).json())
    claims = jwt.decode(told["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, client, "sub-1")
    assert claims["fhirUser"] == f"{smart.oauth.base_url}/Patient/1"
    assert (claims["nonce"], claims["auth_time"], claims["acr"]) == ("n-1", 1, "2")
    assert await smart.good(told["access_token"])


async def test_the_answer_is_not_kept_by_anyone(smart):
    code = await smart.code("app", VERIFIER)
    answer = await smart.redeem("app", code, VERIFIER)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["content-type"] == "application/json"


async def test_without_openid_there_is_no_id_token_and_without_offline_no_refresh_token(smart):
    told = await smart.tokens(scope="patient/*.rs launch/patient")
    assert {"id_token", "refresh_token"}.isdisjoint(told)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code": "another"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "v" * 42}, "invalid_request"),
        ({"code_verifier": "v" * 129}, "invalid_request"),
        ({"code_verifier": "é" * 43}, "invalid_request"),
        ({"redirect_uri": BACK + "/"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
    ],
)
async def test_a_code_needs_all_that_belongs_to_it(smart, changed, error):
    code = await smart.code("app", VERIFIER)
    fields = {"client": "app", "code": code, "verifier": VERIFIER}
    more = {name: value for name, value in changed.items() if name != "code"}
    if "code" in changed:
        fields["code"] = changed["code"]
    answer = await smart.redeem(**fields, **more)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_the_challenge_itself_is_no_verifier(smart):
    code = await smart.code("app", VERIFIER)
    kept = smart.oauth.records.find("codes", {})[0]["code_challenge"]
    assert (await smart.redeem("app", code, kept)).status_code == 400


@pytest.mark.parametrize("client", ["app", "clinic"])
async def test_a_wrong_verifier_burns_the_code(smart, client):
    secret = smart.secret(client)
    code = await smart.code(client, VERIFIER)
    assert (await smart.redeem(client, code, "w" * 43, **secret)).status_code == 400
    assert (await smart.redeem(client, code, VERIFIER, **secret)).status_code == 400


async def test_a_code_of_another_client_is_none(smart):
    smart.register("other")
    code = await smart.code("app", VERIFIER)
    answer = await smart.redeem("other", code, VERIFIER)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(("seconds", "status"), [(59, 200), (60, 400), (660, 400)])
async def test_a_code_is_good_for_a_minute(smart, seconds, status):
    code = await smart.code("app", VERIFIER)
    smart.clock.at += seconds
    assert (await smart.redeem("app", code, VERIFIER)).status_code == status


async def test_a_replay_ends_all_that_came_of_the_code(smart):
    code = await smart.code("app", VERIFIER)
    told = (await smart.redeem("app", code, VERIFIER)).json()
    assert await smart.good(told["access_token"])
    again = await smart.redeem("app", code, VERIFIER)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    smart.clock.at += 1
    assert not await smart.good(told["access_token"])
    assert (await smart.refresh("app", told["refresh_token"])).status_code == 400


async def test_of_64_who_redeem_a_code_at_once_one_gets_tokens_that_then_end(smart):
    code = await smart.code("app", VERIFIER)
    answers = await asyncio.gather(*(smart.redeem("app", code, VERIFIER) for _ in range(64)))
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert {answer.status_code for answer in answers} == {200, 400}
    smart.clock.at += 1
    assert not await smart.good(won[0]["access_token"])


async def test_a_patient_named_at_the_token_endpoint_changes_nothing(smart):
    code = await smart.code("app", VERIFIER)
    told = (await smart.redeem("app", code, VERIFIER, patient="2")).json()
    assert told["patient"] == "1"


async def test_nothing_kept_is_a_code_or_a_token(smart):
    verifier = secrets.token_urlsafe(32)
    code = await smart.code("app", verifier, approved(*SCOPES.split()))
    told = (await smart.redeem("app", code, verifier)).json()
    records = smart.oauth.records
    kept = repr([records.find(kind, {}) for kind in ("codes", "tokens", "refresh", "grants")])
    for secret in (code, told["access_token"], told["refresh_token"], told["id_token"]):
        assert secret not in kept


async def test_a_parameter_given_twice_is_refused(smart):
    code = await smart.code("app", VERIFIER)
    body = f"grant_type=authorization_code&code={code}&code=x&client_id=app"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await smart.http.post("/oauth/token", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
