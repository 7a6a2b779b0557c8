"""Pushed requests: of one client, for a moment, once."""

import asyncio
from uuid import uuid4

from fhir_server.oauth.authorize import PUSHED_SECONDS
from tests.oauth.flow import ISSUER, SECRET, request
from tests.oauth.registry import KEYS, public, signed

URN = "urn:ietf:params:oauth:request_uri:"


async def push(smart, client="clinic", headers=None, **changed):
    form = request(client, **changed)
    if client == "clinic":
        form["_secret"] = SECRET
    return await smart.post("par", form, **(headers or {}))


async def pushed(smart, **changed):
    answer = await push(smart, **changed)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["expires_in"], answer.headers["cache-control"]) == (PUSHED_SECONDS, "no-store")
    assert told["request_uri"].startswith(URN)
    return told["request_uri"]


async def used(smart, uri, client="clinic", **more):
    query = {"client_id": client, "request_uri": uri, **more}
    return await smart.http.get("/oauth/authorize", params=query)


async def test_what_was_pushed_is_asked_of_the_user_once(smart):
    uri = await pushed(smart)
    assert (await used(smart, uri)).status_code == 303
    assert (await used(smart, uri)).status_code == 400


async def test_what_the_browser_adds_counts_for_nothing(smart):
    uri = await pushed(smart, scope="openid")
    answer = await used(smart, uri, scope="patient/*.cruds", redirect_uri="https://evil.example")
    assert answer.status_code == 303
    (kept,) = smart.oauth.records.find("requests", {"client": "clinic", "pushed": False})
    assert kept["scopes"] == ["openid"]
    assert kept["redirect_uri"] == request("clinic")["redirect_uri"]


async def test_every_refusal_of_a_request_uri_is_the_same(smart):
    once, others, old = [await pushed(smart) for _ in range(3)]
    assert (await used(smart, once)).status_code == 303
    answers = [
        await used(smart, once),
        await used(smart, others, "app"),
        await used(smart, others + "x"),
        await used(smart, others.removeprefix(URN)),
        await used(smart, URN),
        await used(smart, "https://evil.example/request"),
    ]
    # Who tried another's did not use it up.
    smart.clock.at += PUSHED_SECONDS - 1
    assert (await used(smart, others)).status_code == 303
    smart.clock.at += 1
    answers.append(await used(smart, old))
    assert {(one.status_code, one.content) for one in answers} == {
        (400, answers[0].content),
    }


async def test_of_many_at_once_exactly_one_gets_through(smart):
    uri = await pushed(smart)
    answers = await asyncio.gather(*(used(smart, uri) for _ in range(16)))
    assert sorted(one.status_code for one in answers) == [303] + [400] * 15


async def test_a_request_that_would_be_refused_later_is_refused_at_once(smart):
    for changed in (
        {"request_uri": f"{URN}x"},
        {"request": "a.b.c"},
        {"redirect_uri": "https://evil.example/back"},
        {"redirect_uri": None},
        {"aud": "https://evil.example/fhir"},
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"scope": "system/*.rs"},
        {"state": "short"},
    ):
        answer = await push(smart, **changed)
        assert answer.status_code == 400, answer.text
        assert "evil" not in answer.text


async def test_only_a_client_that_proves_itself_pushes(smart):
    form = request("clinic")
    assert (await smart.post("par", {**form, "_secret": "wrong"})).status_code == 401
    assert (await smart.post("par", form)).status_code == 401
    assert (await push(smart, "app")).status_code == 201


async def test_a_client_that_asks_no_user_pushes_nothing(smart):
    smart.register("system", grant_types=["client_credentials"], redirect_uris=[])
    answer = await push(smart, "system")
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


async def test_the_key_of_a_proof_goes_with_the_request(smart):
    key = KEYS["ES256"]
    jkt = key.thumbprint()

    def proof():
        told = {"jti": uuid4().hex, "htm": "POST", "htu": f"{ISSUER}/par", "iat": smart.clock()}
        head = {"typ": "dpop+jwt", "kid": None, "jwk": public(key)}
        return {"headers": {"DPoP": signed(told, key, "ES256", **head)}}

    await pushed(smart, **proof())
    (kept,) = smart.oauth.records.find("requests", {"client": "clinic"})
    assert kept["dpop_jkt"] == jkt
    await pushed(smart, dpop_jkt=jkt, **proof())
    for changed in ({"dpop_jkt": "x" * 43, **proof()}, {"headers": {"DPoP": "a.b.c"}}):
        assert (await push(smart, **changed)).status_code == 400
