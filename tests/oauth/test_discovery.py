"""What the authorization server says of itself, its keys, and who may read that in a browser."""

import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet

from fhir_server.oauth import keys
from tests.oauth.flow import ISSUER, SITE

SMART = "/fhir/.well-known/smart-configuration"
DOCUMENTS = [
    SMART,
    "/oauth/.well-known/openid-configuration",
    "/oauth/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/oauth",
]
HOSTILE = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
APP = "https://app.example.org"


@pytest.mark.parametrize("path", DOCUMENTS)
@pytest.mark.parametrize("accept", ["application/fhir+xml", "text/html", "*/*", "nonsense"])
async def test_a_document_is_json_of_the_configured_addresses_whatever_is_asked(
    smart, path, accept
):
    answer = await smart.http.get(path, headers={"Accept": accept, **HOSTILE})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["issuer"] == ISSUER
    urls = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(urls) >= 7
    assert all(url.startswith(f"{SITE}/") for url in urls)


# The four capability sets of https://hl7.org/fhir/smart-app-launch/conformance.html and more.
CLAIMED = {
    "launch-ehr", "launch-standalone", "authorize-post", "client-public",
    "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
    "context-banner", "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient",
    "permission-offline", "permission-online", "permission-patient", "permission-user",
    "permission-v1", "permission-v2",
}  # fmt: skip


async def test_the_smart_configuration_has_what_smart_requires(smart):
    told = (await smart.http.get(SMART)).json()
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert {"authorization_code", "client_credentials"} <= set(told["grant_types_supported"])
    assert {"implicit", "password"}.isdisjoint(told["grant_types_supported"])
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    algorithms = told["token_endpoint_auth_signing_alg_values_supported"]
    assert set(algorithms) == {"RS384", "ES384"}
    assert told["response_types_supported"] == ["code"]
    assert set(told["capabilities"]) == CLAIMED
    endpoints = ("authorization", "token", "introspection", "revocation", "registration")
    for name in endpoints:
        assert told[f"{name}_endpoint"].startswith(f"{ISSUER}/")
    assert (told["issuer"], told["jwks_uri"]) == (ISSUER, f"{ISSUER}/jwks")
    assert {"openid", "fhirUser", "launch", "launch/patient"} <= set(told["scopes_supported"])


async def test_the_statement_names_the_same_endpoints(smart):
    rest = (await smart.http.get("/fhir/metadata")).json()["rest"][0]
    told = (await smart.http.get(SMART)).json()
    uris = {one["url"]: one["valueUri"] for one in rest["security"]["extension"][0]["extension"]}
    assert uris["authorize"] == told["authorization_endpoint"]
    assert uris["token"] == told["token_endpoint"]
    assert rest["security"]["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    assert rest["security"]["cors"] is True


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["token", "authorize", "revoke", "introspect", "jwks"])
async def test_a_method_that_is_not_there_is_a_405(smart, path, method):
    assert (await smart.http.request(method, f"/oauth/{path}")).status_code == 405


async def test_a_token_is_never_asked_for_in_a_url(smart):
    assert (await smart.http.get("/oauth/token?grant_type=password")).status_code == 405
    answer = await smart.http.post("/oauth/token?client_id=app", data={"grant_type": "x"})
    assert answer.status_code == 400
    answer = await smart.http.post("/oauth/token", json={"grant_type": "x"})
    assert answer.status_code == 415
    answer = await smart.http.post("/oauth/token", data={"grant_type": "x", "more": "x" * 70_000})
    assert answer.status_code == 413


@pytest.mark.parametrize("text", ["a=%ff", "&" * 200, "a=\x00", "é=1", "a=1&" * 100])
async def test_a_form_that_cannot_be_read_is_refused(smart, text):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await smart.http.post("/oauth/token", content=text.encode(), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_published_keys_are_public_and_bare(smart):
    told = (await smart.http.get("/oauth/jwks")).json()
    assert [set(key) for key in told["keys"]] == [{"kty", "n", "e", "use", "alg", "kid"}]


async def test_a_key_is_published_for_an_hour_after_the_next_took_over(smart):
    oauth = smart.oauth
    old = keys.signed(oauth, {"sub": "1"})
    keys.rotate(oauth)
    new = keys.signed(oauth, {"sub": "2"})
    published = KeySet.import_key_set(keys.published(oauth))
    assert [jwt.decode(one, published).claims["sub"] for one in (old, new)] == ["1", "2"]
    smart.clock.at += keys.OVERLAP_SECONDS
    published = KeySet.import_key_set(keys.published(oauth))
    assert jwt.decode(new, published).claims["sub"] == "2"
    with pytest.raises(InvalidKeyIdError):
        jwt.decode(old, published)


async def test_a_key_signs_for_ninety_days(smart):
    before = keys.published(smart.oauth)["keys"][0]["kid"]
    smart.clock.at += keys.SIGNING_SECONDS
    after = keys.published(smart.oauth)["keys"]
    assert len(after) == 2
    assert (
        jwt.decode(keys.signed(smart.oauth, {}), KeySet.import_key_set({"keys": after})).header[
            "kid"
        ]
        != before
    )


async def preflight(smart, path, origin):
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    return await smart.http.options(path, headers=headers)


@pytest.mark.parametrize("path", [*DOCUMENTS, "/fhir/metadata", "/oauth/jwks"])
@pytest.mark.parametrize("origin", [APP, "https://anyone.example", "http://127.0.0.1:9000"])
async def test_every_page_may_read_what_is_public(smart, path, origin):
    answer = await smart.http.get(path, headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == "*"
    answer = await preflight(smart, path, origin)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")


@pytest.mark.parametrize("path", ["/fhir/Patient/1", "/fhir/Patient", "/fhir", "/oauth/token"])
async def test_pages_of_registered_apps_may_read_answers(smart, path):
    answer = await preflight(smart, path, APP)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    answer = await smart.http.get(path, headers={"Origin": APP})
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://app.example.org.evil.example",
        "https://evil.example",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://APP.example.org",
        "https://app.example.org/",
        "https://app.example.org, https://evil.example",
        "*",
        "",
    ],
)
async def test_pages_of_others_may_not(smart, origin):
    for path in ("/fhir/Patient/1", "/oauth/token"):
        for answer in (
            await preflight(smart, path, origin),
            await smart.http.get(path, headers={"Origin": origin}),
        ):
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/launch", "/health/live", "/"])
async def test_what_is_for_no_page_is_shared_with_none(smart, path):
    answer = await smart.http.get(path, headers={"Origin": APP})
    assert "access-control-allow-origin" not in answer.headers


async def test_an_app_that_is_suspended_is_shared_with_no_more(smart):
    assert "access-control-allow-origin" in (await preflight(smart, "/fhir/Patient", APP)).headers
    for client in ("app", "clinic"):
        smart.oauth.records.change("clients", {"_id": client}, {"status": "suspended"})
    smart.clock.at += 5
    answer = await preflight(smart, "/fhir/Patient", APP)
    assert "access-control-allow-origin" not in answer.headers
