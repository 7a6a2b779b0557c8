"""Registration: anyone applies, nobody is let in but by an operator, each only touches its own."""

import json

import pytest

from fhir_server.oauth import registration, review
from tests.oauth.test_metadata import APP, JWKS, SYSTEM

# Operators decide elsewhere.
GIVEN = ("registration_access_token", "registration_client_uri", "client_id_issued_at")


async def apply(smart, told=APP):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return await smart.http.post("/oauth/register", content=body)


async def applied(smart, told=APP):
    answer = await apply(smart, told)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def own(smart, method, told, body=None, token=None):
    bearer = token if token is not None else told["registration_access_token"]
    return await smart.http.request(
        method,
        told["registration_client_uri"],
        headers={"Authorization": f"Bearer {bearer}".encode("latin-1")},
        content=json.dumps(body).encode() if body is not None else None,
    )


def sent_back(told, **changes):
    kept = {name: value for name, value in told.items() if name not in GIVEN}
    return {**kept, **changes}


async def test_who_applies_is_told_how_it_is_registered_and_may_do_nothing_yet(smart):
    answer = await apply(smart)
    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert told["client_status"] == "pending"
    assert told["redirect_uris"] == APP["redirect_uris"]
    assert "client_secret" not in told
    assert (await smart.authorize(told["client_id"])).status_code == 400
    review.decide(smart.oauth, told["client_id"], "approve")
    back = {"redirect_uri": APP["redirect_uris"][0]}
    assert (await smart.authorize(told["client_id"], **back)).status_code == 303


async def test_a_secret_is_told_once(smart):
    secret = {**APP, "token_endpoint_auth_method": "client_secret_basic"}
    told = await applied(smart, secret)
    assert told["client_secret_expires_at"] == 0
    again = (await own(smart, "GET", told)).json()
    assert not {"client_secret", "registration_access_token"} & set(again)
    form = {"client_id": told["client_id"], "_secret": told["client_secret"]}
    review.decide(smart.oauth, told["client_id"], "approve")
    answer = await smart.post("token", {**form, "grant_type": "authorization_code", "code": "x"})
    assert answer.json()["error"] != "invalid_client"


async def test_both_forms_of_keys_are_registered(smart):
    by_url = {name: value for name, value in SYSTEM.items() if name != "jwks"}
    assert (await applied(smart, SYSTEM))["jwks"]["keys"][0]["kid"] == "one"
    told = await applied(
        smart, {**by_url, "client_name": "By URL", "jwks_uri": "https://app.example.org/jwks"}
    )
    assert told["jwks_uri"] == "https://app.example.org/jwks"


async def test_what_is_no_registration_is_refused(smart):
    bodies = [b"", b"[]", b"{", b"\xff", b'{"client_name":1,"client_name":2}', b"[" * 5000, b"{}"]
    for body in bodies:
        answer = await apply(smart, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


async def test_an_endless_body_is_refused(smart):
    assert (await apply(smart, b" " * 70_000)).status_code == 413


async def test_what_is_wrong_is_said_in_the_words_an_error_may_have(smart):
    answer = await apply(smart, {**APP, "scope": 'patient/Ä"\\.rs'})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


async def test_an_update_is_reviewed_anew_and_ends_what_was_approved(smart):
    told = await applied(smart)
    review.decide(smart.oauth, told["client_id"], "approve")
    evil = sent_back(told, redirect_uris=["https://evil.example/back"])
    answer = await own(smart, "PUT", told, evil)
    assert answer.status_code == 200, answer.text
    assert answer.json()["client_status"] == "pending"
    back = {"redirect_uri": "https://evil.example/back"}
    assert (await smart.authorize(told["client_id"], **back)).status_code == 400


async def test_an_update_that_changes_nothing_needs_no_review(smart):
    told = await applied(smart)
    review.decide(smart.oauth, told["client_id"], "approve")
    answer = await own(smart, "PUT", told, sent_back(told))
    assert (answer.status_code, answer.json()["client_status"]) == (200, "active")


async def test_an_operators_gifts_survive_an_update_and_are_not_taken_from_it(smart):
    told = await applied(smart, SYSTEM)
    where = {"_id": told["client_id"]}
    smart.oauth.records.change("clients", where, {"facilities": ["99001"]})
    grab = sent_back(told, facilities=["99002"], clearance=["HIV"], client_name="Renamed")
    assert (await own(smart, "PUT", told, grab)).status_code == 200
    record = smart.oauth.records.get("clients", told["client_id"])
    assert (record["facilities"], record["clearance"]) == (["99001"], [])
    assert record["status"] == "pending"


async def test_an_update_that_does_not_fit_changes_nothing(smart):
    told = await applied(smart)
    before = smart.oauth.records.get("clients", told["client_id"])
    for change in (
        {"client_id": "other"},
        {"client_id": None},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS},
        {"registration_access_token": "x"},
        {"client_id_issued_at": 1},
        {"scope": "everything"},
        {"client_name": "Аpp"},
    ):
        answer = await own(smart, "PUT", told, sent_back(told, **change))
        assert answer.status_code == 400, answer.text
        assert smart.oauth.records.get("clients", told["client_id"]) == before


@pytest.mark.parametrize("decision", ["reject", "suspend"])
async def test_who_was_turned_away_does_not_come_back_by_an_update(smart, decision):
    told = await applied(smart)
    if decision == "suspend":
        review.decide(smart.oauth, told["client_id"], "approve")
    review.decide(smart.oauth, told["client_id"], decision)
    changed = sent_back(told, client_name="Renamed")
    assert (await own(smart, "PUT", told, changed)).status_code == 400


async def test_nobody_touches_anothers_registration(smart):
    first = await applied(smart)
    second = await applied(smart, {**APP, "client_name": "Another"})
    nobodys = {**first, "registration_client_uri": "/oauth/register/none"}
    operators = {**first, "registration_client_uri": "/oauth/register/app"}
    tokens = [(first, token) for token in (second["registration_access_token"], "", "é")]
    answers = [
        await own(smart, method, whose, body, token)
        for method, body in (("GET", None), ("PUT", sent_back(first)), ("DELETE", None))
        for whose, token in (*tokens, (nobodys, None), (operators, None))
    ]
    assert {(one.status_code, one.content) for one in answers} == {(401, answers[0].content)}
    assert answers[0].headers["www-authenticate"].startswith("Bearer ")
    assert (await own(smart, "GET", first)).status_code == 200


async def test_a_client_deletes_itself_once(smart):
    told = await applied(smart)
    assert (await own(smart, "DELETE", told)).status_code == 204
    assert (await own(smart, "GET", told)).status_code == 401
    assert smart.oauth.records.get("clients", told["client_id"]) is None


async def test_so_many_applications_come_from_one_network_an_hour(smart):
    answers = [
        await apply(smart, {**APP, "client_name": f"App {number} x"})
        for number in range(registration.A_NETWORK_AN_HOUR + 1)
    ]
    *taken, last = answers
    assert {one.status_code for one in taken} == {201}
    assert (last.status_code, last.headers["retry-after"]) == (429, "3600")
    smart.clock.at += 3600
    assert (await apply(smart)).status_code == 201


async def test_so_many_wait_for_review_at_most(smart, monkeypatch):
    monkeypatch.setattr(registration, "PENDING", 2)
    await applied(smart)
    told = await applied(smart)
    assert (await apply(smart)).status_code == 429
    review.decide(smart.oauth, told["client_id"], "reject")
    assert (await apply(smart)).status_code == 201


async def test_the_records_do_not_hold_the_access_token(smart):
    told = await applied(smart)
    record = smart.oauth.records.get("clients", told["client_id"])
    assert told["registration_access_token"] not in str(record)


async def test_a_look_alike_of_an_active_client_is_refused(smart):
    told = await applied(smart)
    review.decide(smart.oauth, told["client_id"], "approve")
    answer = await apply(smart, {**APP, "client_name": "AN-APP"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")
    other = await applied(smart, {**APP, "client_name": "Another"})
    renamed = sent_back(other, client_name="An app")
    assert (await own(smart, "PUT", other, renamed)).status_code == 400
