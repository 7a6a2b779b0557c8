"""DPoP: one proof for one request, by the key the token is bound to."""

import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from joserfc.jwk import OctKey

from fhir_server.oauth import dpop
from tests.oauth.registry import (
    KEYS,
    NOW,
    OTHER,
    TOKEN_URL,
    answer_of,
    at_hash,
    emptied,
    public,
    registry,
    rewritten,
    signed,
)

KEY = KEYS["ES256"]
FHIR = "https://fhir.example.org/fhir/Patient/1"


@pytest.fixture(scope="module")
def opened(mongodb_uri):
    with registry(mongodb_uri) as found:
        yield found


@pytest.fixture
def oauth(opened):
    return emptied(*opened)[0]


def bare(key):
    return {name: one for name, one in public(key).items() if name != "kid"}


def proof(key=KEY, alg="ES256", header=None, **changes):
    told = {"jti": uuid4().hex, "htm": "POST", "htu": TOKEN_URL, "iat": NOW, **changes}
    told = {name: one for name, one in told.items() if one is not None}
    return signed(
        told, key, alg, **{"typ": "dpop+jwt", "kid": None, "jwk": bare(key), **(header or {})}
    )


def good(oauth, text, method="POST", url=TOKEN_URL, token=""):
    try:
        return dpop.checked(oauth, text, method, url, token)
    except dpop.InvalidProof as error:
        answer = answer_of(error)
        assert (answer.status, json.loads(answer.content)["error"]) == (400, "invalid_dpop_proof")
        return ""


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (KEYS["ES256"], "ES256"),
        (KEYS["ES384"], "ES384"),
        (KEYS["RS384"], "RS256"),
    ],
)
def test_a_proof_gives_the_thumbprint_of_its_key(oauth, key, alg):
    assert good(oauth, proof(key, alg)) == key.thumbprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htm": "post"},
        {"htm": None},
        {"htm": ["POST"]},
        {"htu": None},
        {"htu": 7},
        {"htu": f"{TOKEN_URL}/"},
        {"htu": f"{TOKEN_URL}?a=b"},
        {"htu": f"{TOKEN_URL}?"},
        {"htu": f"{TOKEN_URL}#a"},
        {"htu": "https://a@fhir.example.org/oauth/token"},
        {"htu": "http://fhir.example.org/oauth/token"},
        {"htu": "https://other.example.org/oauth/token"},
        {"htu": "https://fhir.example.org:8443/oauth/token"},
        {"htu": "/oauth/token"},
        {"iat": NOW - 31},
        {"iat": NOW + 31},
        {"iat": None},
        {"iat": str(NOW)},
        {"iat": NOW + 0.5},
        {"iat": 10**400},
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"jti": "j" * 129},
    ],
)
def test_a_proof_of_another_request_is_refused(oauth, changes):
    assert not good(oauth, proof(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": NOW - 30},
        {"iat": NOW + 30},
        {"htu": "https://FHIR.example.org:443/oauth/token"},
        {"ath": "anything"},
        {"nonce": "anything"},
    ],
)
def test_what_makes_no_difference_is_taken(oauth, changes):
    assert good(oauth, proof(**changes))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"jwk": None},
        {"jwk": "x"},
        {"jwk": {}},
        {"jwk": bare(KEYS["ES384"])},
        {"jwk": bare(KEYS["RS384"])},
        {"jwk": KEY.as_dict(private=True)},
        {"jwk": {**bare(KEY), "d": ""}},
        {"jwk": {**bare(KEY), "crv": "P-521"}},
        {"jwk": {**bare(KEY), "x": bare(KEY)["y"]}},
        {"jwk": [bare(KEY)]},
        {"jwk": {**bare(KEY), "kty": ["EC"]}},
        {"jwk": {**bare(KEY), "crv": ["P-256"]}},
        {"crit": ["b64"], "b64": True},
        {"crit": ["x"], "x": 1},
        {"alg": ["ES256"]},
        {"alg": None},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
    ],
)
def test_a_header_that_does_not_fit_is_refused(oauth, header):
    head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": bare(KEY), **header}
    head = {name: one for name, one in head.items() if one is not None}
    assert not good(oauth, rewritten(proof(), header=head, key=KEY, alg="ES256"))


def test_a_shared_secret_proves_nothing(oauth):
    key = OctKey.generate_key(256)
    told = {"jti": "a", "htm": "POST", "htu": TOKEN_URL, "iat": NOW}
    assert not good(oauth, signed(told, key, "HS256", typ="dpop+jwt", jwk=key.as_dict()))


def test_the_signature_is_of_the_key_in_the_header(oauth):
    assert not good(oauth, proof(OTHER, "RS384", header={"jwk": bare(KEYS["RS384"])}))


def test_a_proof_counts_once(oauth):
    text = proof()
    assert good(oauth, text)
    assert not good(oauth, text)
    assert good(oauth, proof(jti="same"))
    assert not good(oauth, proof(jti="same"))
    assert good(oauth, proof(KEYS["ES384"], "ES384", jti="same"))


def test_of_many_at_once_exactly_one_counts(oauth):
    text = proof()
    with ThreadPoolExecutor(16) as pool:
        assert len([one for one in pool.map(lambda _: good(oauth, text), range(32)) if one]) == 1


def test_a_proof_is_of_the_token_it_comes_with(oauth):
    def asked(**changes):
        return good(oauth, proof(htm="GET", htu=FHIR, **changes), "GET", FHIR, "the-token")

    assert asked(ath=at_hash("the-token"))
    for ath in (None, "", at_hash("other"), at_hash("the-token") + "=", "é", 7):
        assert not asked(ath=ath)


@pytest.mark.parametrize("text", ["", "a.b.c", "é", "a" * 10_000, "e30.e30.e30"])
def test_what_is_no_proof_is_refused(oauth, text):
    assert not good(oauth, text)
