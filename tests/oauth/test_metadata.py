"""What a client may say of itself, whoever brings it."""

import pytest

from fhir_server.oauth import metadata
from tests.oauth.registry import KEYS, public, registry

APP = {
    "client_name": "An app",
    "token_endpoint_auth_method": "none",
    "redirect_uris": ["https://app.example.org/back"],
    "scope": "openid patient/*.rs",
}
JWKS = {"keys": [public(KEYS["RS384"])]}
SYSTEM = {
    "client_name": "A system",
    "token_endpoint_auth_method": "private_key_jwt",
    "grant_types": ["client_credentials"],
    "scope": "system/Patient.rs",
    "jwks": JWKS,
}


@pytest.fixture(scope="module")
def oauth(mongodb_uri, spec):
    with registry(mongodb_uri, spec) as (found, _):
        yield found


def without(told, *names):
    return {name: value for name, value in told.items() if name not in names}


def refused(oauth, told):
    with pytest.raises(metadata.InvalidMetadata) as error:
        metadata.checked(oauth, told)
    error.value()
    return error.value.error


def test_an_app_and_a_system_are_taken(oauth):
    app = metadata.checked(oauth, APP)
    assert (app.kind, app.status, app.id) == ("public", "pending", "")
    assert app.grant_types == ("authorization_code",)
    system = metadata.checked(oauth, SYSTEM)
    assert (system.kind, system.jwks["keys"][0]["kid"]) == ("asymmetric", "one")
    by_url = {**without(SYSTEM, "jwks"), "jwks_uri": "https://app.example.org/jwks"}
    assert metadata.checked(oauth, by_url).jwks_uri == by_url["jwks_uri"]


def test_without_a_method_it_is_a_secret(oauth):
    assert metadata.checked(oauth, without(APP, "token_endpoint_auth_method")).kind == "symmetric"


def test_what_an_operator_gives_is_not_taken_from_the_client(oauth):
    more = {"status": "active", "clearance": ["HIV"], "facilities": ["99001"], "logo_uri": "x"}
    assert metadata.checked(oauth, {**APP, **more, "client_id": "x"}) == metadata.checked(
        oauth, APP
    )


def test_scopes_are_kept_in_their_normal_form(oauth):
    told = {**APP, "scope": "patient/Patient.r patient/Patient.s openid openid patient/*.rs"}
    assert set(metadata.checked(oauth, told).scopes) == {"openid", "patient/*.rs"}


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example.org/back",
        "https://app.example.org:8443/back?a=b",
        "http://127.0.0.1:9000/back",
        "http://[::1]:9000/",
        "http://localhost/back",
        "org.example.app:/back",
    ],
)
def test_a_redirect_uri_is_https_loopback_or_of_the_apps_own(oauth, uri):
    assert metadata.checked(oauth, {**APP, "redirect_uris": [uri]}).redirect_uris == (uri,)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://app.example.org/back",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "http://127.1/",
        "http://0/",
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://localhost/",
        "https://app/",
        "https://*.example.org/",
        "https://app.example.org/*",
        "https://app.example.org/back#a",
        "https://app.example.org/back#",
        "https://user@app.example.org/",
        "https://app.example.org@evil.example/",
        "https://app.example.org\\@evil.example/",
        "https://app.example.org/a/../b",
        "https://app.example.org/a/%2e%2E/b",
        "https://app.example.org/a/.",
        "https://xn--/",
        "https://аpp.example.org/",
        "HTTPS://app.example.org/",
        "//app.example.org/",
        "/back",
        "app.example.org",
        "javascript:alert(1)",
        "javascript://app.example.org/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "urn:ietf:wg:oauth:2.0:oob",
        "myapp:/back",
        "myapp://back",
        "org.example.app://evil.example/",
        "org.example.app:back",
        "org.example.app:/../a",
        " https://app.example.org/",
        "https://app.example.org/\n",
        "https://app.example.org/" + "a" * 2048,
    ],
)
def test_no_other_redirect_uri_is_taken(oauth, uri):
    assert refused(oauth, {**APP, "redirect_uris": [uri]}) == "invalid_redirect_uri"


def test_a_private_scheme_is_for_public_clients(oauth):
    told = {**without(APP, "token_endpoint_auth_method"), "redirect_uris": ["org.example.app:/b"]}
    assert refused(oauth, told) == "invalid_redirect_uri"


BAD = "invalid_client_metadata"


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({}, BAD),
        (without(APP, "client_name"), BAD),
        ({**APP, "client_name": "Аpp"}, BAD),
        (without(APP, "scope"), BAD),
        ({**APP, "scope": "everything"}, BAD),
        ({**APP, "scope": 7}, BAD),
        ({**APP, "scope": "patient/Nothing.rs"}, BAD),
        ({**APP, "scope": "openid system/*.rs"}, BAD),
        ({**APP, "scope": "openid " * 2000}, BAD),
        ({**SYSTEM, "scope": "system/*.rs patient/*.rs"}, BAD),
        ({**SYSTEM, "scope": "system/*.rs openid"}, BAD),
        ({**APP, "token_endpoint_auth_method": "tls_client_auth"}, BAD),
        ({**APP, "token_endpoint_auth_method": ["none"]}, BAD),
        ({**APP, "token_endpoint_auth_method": None}, BAD),
        ({**APP, "grant_types": ["implicit"]}, BAD),
        ({**APP, "grant_types": ["password"]}, BAD),
        ({**APP, "grant_types": ["refresh_token"]}, BAD),
        ({**APP, "grant_types": ["authorization_code", "client_credentials"]}, BAD),
        ({**APP, "grant_types": "authorization_code"}, BAD),
        ({**APP, "grant_types": [["authorization_code"]]}, BAD),
        ({**SYSTEM, "token_endpoint_auth_method": "none", "jwks": None}, BAD),
        ({**SYSTEM, "token_endpoint_auth_method": "client_secret_basic", "jwks": None}, BAD),
        ({**APP, "response_types": ["token"]}, BAD),
        ({**APP, "response_types": ["code", "id_token"]}, BAD),
        (without(APP, "redirect_uris"), "invalid_redirect_uri"),
        ({**APP, "redirect_uris": []}, "invalid_redirect_uri"),
        ({**APP, "redirect_uris": ["https://app.example.org/"] * 11}, BAD),
        ({**APP, "redirect_uris": "https://app.example.org/"}, BAD),
        ({**APP, "redirect_uris": [None]}, BAD),
        ({**SYSTEM, "redirect_uris": ["https://app.example.org/"]}, "invalid_redirect_uri"),
        (without(SYSTEM, "jwks"), BAD),
        ({**SYSTEM, "jwks_uri": "https://app.example.org/jwks"}, BAD),
        ({**SYSTEM, "jwks": {"keys": [KEYS["RS384"].as_dict(private=True)]}}, BAD),
        ({**SYSTEM, "jwks": {"keys": [{**JWKS["keys"][0], "kid": 'é"\\'}]}}, BAD),
        ({**APP, "jwks": JWKS}, BAD),
        ({**APP, "jwks_uri": "https://app.example.org/jwks"}, BAD),
        ({**APP, "initiate_login_uri": "javascript:alert(1)"}, BAD),
        ({**APP, "initiate_login_uri": 7}, BAD),
        ({**APP, "contacts": ["nobody"]}, BAD),
        ({**APP, "contacts": ["a@example.org\r\nBcc: b@example.org"]}, BAD),
        ({**APP, "dpop_bound_access_tokens": "yes"}, BAD),
        ({**APP, "software_statement": "a.b.c"}, "unapproved_software_statement"),
    ],
)
def test_what_does_not_go_together_is_refused(oauth, told, error):
    assert refused(oauth, told) == error


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example.org/jwks",
        "https://127.0.0.1/jwks",
        "https://[::1]/jwks",
        "https://169.254.169.254/jwks",
        "https://2130706433/jwks",
        "https://localhost/jwks",
        "https://app.example.org:8443/jwks",
        "https://user@app.example.org/jwks",
        "file:///etc/passwd",
        7,
        "",
    ],
)
def test_keys_are_only_where_the_server_would_ask(oauth, uri):
    assert refused(oauth, {**without(SYSTEM, "jwks"), "jwks_uri": uri}) == BAD
