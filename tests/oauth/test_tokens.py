"""Access tokens at the door of the FHIR base."""

import base64

import pytest

from fhir_server.base import Asked
from fhir_server.fhir.errors import Unauthorized
from fhir_server.oauth import grants, tokens
from fhir_server.settings import Settings
from tests.client import issues
from tests.oauth.flow import SECRET, approved, basic


async def test_a_token_says_all_that_access_is_decided_by(smart):
    smart.register("lab", kind="symmetric", clearance=["HIV"], facilities=["99001"])
    scope = "user/Observation.rs patient/*.rs label/HIV launch/patient"
    approval = approved(
        *scope.split(), fhir_user="Practitioner/7", labels=("HIV",), organisations=("h", "g")
    )
    told = await smart.tokens("lab", approval, scope=scope)
    authenticate = tokens.authentication(smart.oauth, smart.clock.monotonic)
    caller = await authenticate(Asked(f"Bearer {told['access_token']}", "", "GET", ""))
    assert not caller.unrestricted
    assert (caller.client, caller.user, caller.patient) == ("lab", "Practitioner/7", "1")
    assert caller.scopes == tuple(scope.split())
    assert caller.organisations == ("g", "h")
    assert (caller.clearance, caller.facilities) == ({"HIV"}, {"99001"})
    assert caller.expires == smart.clock() + grants.ACCESS_SECONDS
    assert caller.reach is None
    assert told["access_token"] not in repr(caller)


async def test_without_a_token_nothing_is_told_but_how_to_get_one(smart):
    answer = await smart.http.get("/fhir/Patient/1")
    assert (answer.status_code, issues(answer)[0]["code"]) == (401, "login")
    assert answer.headers["www-authenticate"] == 'Bearer realm="fhir"'
    assert (await smart.http.get("/fhir/metadata")).status_code == 200


async def test_what_is_no_access_token_is_refused_in_the_same_words(smart):
    told = await smart.tokens()
    token = told["access_token"]
    wrong = [
        f"Bearer {told['refresh_token']}",
        f"Bearer {told['id_token']}",
        f"Bearer {token}x",
        f"Bearer {token[:-1]}",
        f"Bearer {tokens.digest(token)}",
        f"Bearer {token} {token}",
        f"Bearer  {token}",
        f"Token {token}",
        token,
        "Bearer",
        "Bearer ",
        "Bearer $ne-and-more-to-be-long-enough",
        "Bearer " + "a" * 5000,
        basic("app", SECRET),
    ]
    for header in wrong:
        answer = await smart.http.get("/fhir/Patient/1", headers={"Authorization": header})
        assert answer.status_code == 401, header
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert header not in answer.text
    assert await smart.good(token)
    lower = await smart.http.get("/fhir/Patient/1", headers={"Authorization": f"bearer {token}"})
    assert lower.status_code != 401


async def test_a_token_is_never_read_from_the_url_or_a_form(smart):
    token = (await smart.tokens())["access_token"]
    sent = {"Authorization": f"Bearer {token}"}
    for headers in ({}, sent):
        answer = await smart.http.get(f"/fhir/Patient?access_token={token}", headers=headers)
        assert answer.status_code == 400
        assert token not in answer.text
    form = {"access_token": token}
    assert (await smart.http.post("/fhir/Patient/_search", data=form)).status_code == 401
    two = [("Authorization", f"Bearer {token}"), ("Authorization", "Bearer x")]
    assert (await smart.http.get("/fhir/Patient/1", headers=two)).status_code == 400


async def test_a_token_expires(smart):
    told = await smart.tokens()
    smart.clock.at += told["expires_in"] - 1
    assert await smart.good(told["access_token"])
    smart.clock.at += 1
    assert not await smart.good(told["access_token"])


async def test_an_expired_token_is_refused_while_it_is_remembered(smart):
    told = await smart.tokens()
    authenticate = tokens.authentication(smart.oauth, lambda: 0.0)
    asked = Asked(f"Bearer {told['access_token']}", "", "GET", "")
    await authenticate(asked)
    smart.clock.at += told["expires_in"]
    with pytest.raises(Unauthorized):
        await authenticate(asked)


@pytest.mark.parametrize(("seconds", "good"), [(0.49, True), (0.5, False)])
async def test_a_token_taken_back_is_good_for_half_a_second_at_most(smart, seconds, good):
    told, at = await smart.tokens(), [0.0]
    authenticate = tokens.authentication(smart.oauth, lambda: at[0])
    asked = Asked(f"Bearer {told['access_token']}", "", "GET", "")
    await authenticate(asked)
    grants.end(smart.oauth, "user", "sub-1")
    at[0] = seconds
    if good:
        await authenticate(asked)
    else:
        with pytest.raises(Unauthorized):
            await authenticate(asked)


async def test_a_token_issued_while_its_grant_ends_is_dead(smart):
    await smart.tokens()
    grant = smart.oauth.records.find("grants", {})[0]
    # The grant was read before it ended, the token is issued after.
    grants.end(smart.oauth, "grant", grant["_id"])
    token, _ = tokens.issue(smart.oauth, grant, ["patient/*.rs"])
    assert not await smart.good(token)


async def test_a_token_outlives_its_grant_never(smart):
    await smart.tokens()
    grant = smart.oauth.records.find("grants", {})[0]
    grant["expires"] = smart.clock() + 10
    assert tokens.issue(smart.oauth, grant, [])[1]["expires"] == smart.clock() + 10


@pytest.mark.parametrize("scheme", ["Bearer", "DPoP"])
async def test_a_token_goes_with_its_own_scheme_only(smart, scheme):
    await smart.tokens()
    grant = smart.oauth.records.find("grants", {})[0]
    jkt = base64.urlsafe_b64encode(b"k" * 32).decode().rstrip("=")
    bound, _ = tokens.issue(smart.oauth, grant, ["patient/*.rs"], jkt=jkt)
    free, _ = tokens.issue(smart.oauth, grant, ["patient/*.rs"])
    headers = {"Authorization": f"{scheme} {bound if scheme == 'Bearer' else free}"}
    for proof in ({}, {"DPoP": "a.b.c"}):
        answer = await smart.http.get("/fhir/Patient/1", headers=headers | proof)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'DPoP error="invalid_token"'
    sent = {"Authorization": f"DPoP {bound}", "DPoP": "a.b.c"}
    answer = await smart.http.get("/fhir/Patient/1", headers=sent)
    assert answer.headers["www-authenticate"] == 'DPoP error="invalid_dpop_proof"'


@pytest.mark.parametrize("url", ["http://example.org/fhir", "http://10.0.0.1/fhir"])
def test_an_issuer_that_is_not_https_is_refused(url):
    with pytest.raises(ValueError, match="is not https"):
        Settings(auth="smart", base_url=url)
    assert Settings(auth="none", base_url=url).issuer_url() == url.replace("/fhir", "/oauth")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_an_issuer_on_loopback_may_be_http(host):
    told = Settings(auth="smart", base_url=f"http://{host}/fhir")
    assert told.issuer_url() == f"http://{host}/oauth"
