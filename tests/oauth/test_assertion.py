"""private_key_jwt: what SMART asks of it, and everything an attacker makes of it.

J01 to J29 are the cases of the attack catalogue.
"""

import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from fhir_server.oauth import authentication
from fhir_server.oauth.exchange import Request
from tests.oauth.registry import (
    ISSUER,
    KEYS,
    NOW,
    OTHER,
    TOKEN_URL,
    changed,
    claims,
    emptied,
    encoded,
    kept,
    proving,
    public,
    registry,
    rewritten,
    signed,
)

URL = "https://app.example.org/jwks.json"
PARAMETERS = {"alg": "RS384", "typ": "JWT", "kid": "one"}


@pytest.fixture(scope="module")
def opened(mongodb_uri):
    with registry(mongodb_uri) as found:
        yield found


@pytest.fixture
def both(opened):
    return emptied(*opened)


@pytest.fixture
def oauth(both):
    kept(both[0])
    return both[0]


def taken(oauth, assertion, url=TOKEN_URL, **more):
    """Give the client of an assertion that is taken, else None."""
    try:
        return authentication.authenticated(oauth, Request(url, proving(assertion, **more)))
    except authentication.InvalidClientError:
        return None


@pytest.mark.parametrize("alg", ["RS384", "ES384"])
def test_each_algorithm_of_smart_is_taken(both, alg):
    oauth, _ = both
    kept(oauth, jwks={"keys": [public(KEYS[alg])]})
    assert taken(oauth, signed(claims(oauth), KEYS[alg], alg)).id == "app"


@pytest.mark.parametrize("aud", [TOKEN_URL, ISSUER, [TOKEN_URL]])
def test_the_audience_is_the_token_endpoint_or_the_issuer(oauth, aud):
    assert taken(oauth, signed(claims(oauth, aud=aud)))


def test_an_endpoint_may_be_named_as_the_audience_where_it_is_asked(oauth):
    endpoint = f"{ISSUER}/par"
    assert taken(oauth, signed(claims(oauth, aud=endpoint)), endpoint)
    assert not taken(oauth, signed(claims(oauth, aud=endpoint)), TOKEN_URL)


@pytest.mark.parametrize(
    "times",
    [
        {"exp": NOW + 300},
        {"exp": NOW - 29},
        {"exp": NOW + 1, "nbf": NOW + 29},
        {"exp": NOW + 329, "iat": NOW + 29},  # a clock ahead of ours
        {"exp": NOW + 271, "iat": NOW - 29},
    ],
)
def test_a_lifetime_of_five_minutes_and_a_clock_half_a_minute_off_are_taken(oauth, times):
    assert taken(oauth, signed(claims(oauth, **times)))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": NOW + 301}, id="J12 lifetime over 300 s"),
        pytest.param({"exp": NOW + 301, "iat": NOW}, id="J12 lifetime from iat"),
        pytest.param({"exp": NOW + 315_360_000}, id="J12 ten years"),
        pytest.param({"exp": NOW + 331, "iat": NOW + 31}, id="J37 a clock 31 s ahead"),
        pytest.param({"exp": NOW + 361, "iat": NOW + 61}, id="J37 a clock 61 s ahead"),
        pytest.param({"exp": NOW - 31}, id="J13 expired 31 s"),
        pytest.param({"exp": None}, id="J14 no exp"),
        pytest.param({"exp": 10**400}, id="J15 exp 10^400"),
        pytest.param({"exp": str(NOW + 100)}, id="J15 exp as text"),
        pytest.param({"exp": NOW + 100.5}, id="J15 exp with a fraction"),
        pytest.param({"exp": True}, id="J15 exp true"),
        pytest.param({"exp": -1}, id="J15 exp below zero"),
        pytest.param({"iat": NOW + 31}, id="J16 iat ahead"),
        pytest.param({"nbf": NOW + 31}, id="J16 nbf ahead"),
        pytest.param({"iat": "now"}, id="J16 iat as text"),
        pytest.param({"jti": None}, id="J20 no jti"),
        pytest.param({"jti": ""}, id="J20 empty jti"),
        pytest.param({"jti": 7}, id="J20 jti a number"),
        pytest.param({"jti": "j" * 129}, id="J20 long jti"),
        pytest.param({"jti": ["a"]}, id="J20 jti an array"),
        pytest.param({"aud": None}, id="J21 no aud"),
        pytest.param({"aud": "https://fhir.example.org/fhir"}, id="J21 aud the FHIR base"),
        pytest.param({"aud": "https://other.example.org/oauth/token"}, id="J21 other server"),
        pytest.param({"aud": f"{TOKEN_URL}/"}, id="J21 trailing slash"),
        pytest.param({"aud": TOKEN_URL.upper()}, id="J21 upper case"),
        pytest.param({"aud": f"{TOKEN_URL}?a=b"}, id="J21 query"),
        pytest.param({"aud": [TOKEN_URL, "https://other.example.org"]}, id="J21 ours among others"),
        pytest.param({"aud": [TOKEN_URL, ISSUER]}, id="J21 two of ours"),
        pytest.param({"aud": []}, id="J21 empty array"),
        pytest.param({"aud": [[TOKEN_URL]]}, id="J21 nested array"),
        pytest.param({"aud": {"a": TOKEN_URL}}, id="J21 object"),
        pytest.param({"iss": "other"}, id="J22 iss is not sub"),
        pytest.param({"iss": None}, id="J22 no iss"),
        pytest.param({"sub": None}, id="J22 no sub"),
        pytest.param({"iss": "nobody", "sub": "nobody"}, id="unknown client"),
        pytest.param({"iss": ["app"], "sub": ["app"]}, id="sub an array"),
        pytest.param({"iss": "a" * 5000, "sub": "a" * 5000}, id="long sub"),
    ],
)
def test_claims_that_do_not_fit_are_refused(oauth, changes):
    assert not taken(oauth, signed(claims(oauth, **changes)))
    assert taken(oauth, signed(claims(oauth)))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"kid": None}, id="no kid"),
        pytest.param({"kid": "two"}, id="other kid"),
        pytest.param({"kid": 7}, id="kid a number"),
        pytest.param({"typ": None}, id="no typ"),
        pytest.param({"typ": "at+jwt"}, id="J26 typ of an access token"),
        pytest.param({"typ": "dpop+jwt"}, id="typ of a proof"),
        pytest.param({"crit": ["b64"], "b64": False}, id="J10 b64 false"),
        pytest.param({"crit": ["exp"]}, id="J09 crit of what is known"),
        pytest.param({"crit": ["x"], "x": 1}, id="J09 crit unknown"),
        pytest.param({"crit": []}, id="J09 crit empty"),
        pytest.param({"b64": True}, id="J10 b64 true"),
        pytest.param({"jku": URL}, id="jku where a set is registered"),
        pytest.param({"jku": 7}, id="jku a number"),
        pytest.param({"x5u": URL}, id="x5u"),
    ],
)
def test_headers_that_do_not_fit_are_refused(oauth, header):
    assertion = signed(claims(oauth))
    head = {name: one for name, one in (PARAMETERS | header).items() if one is not None}
    assert not taken(oauth, rewritten(assertion, header=head))


@pytest.mark.parametrize(
    "alg",
    [
        "none",
        "None",
        "nOnE",
        "",
        "RS256",
        "PS384",
        "HS256",
        "HS384",
        "ES512",
        "rs384",
        None,
        ["RS384"],
    ],
)
def test_j01_no_other_algorithm_is_taken_whatever_the_signature(oauth, alg):
    told = encoded(claims(oauth))
    head = encoded({"alg": alg, "typ": "JWT", "kid": "one"})
    right = rewritten(f"{head}.{told}.x").rpartition(".")[2]
    for signature in ("", "x", right):
        assert not taken(oauth, f"{head}.{told}.{signature}")


def test_j02_a_public_key_is_no_secret(oauth):
    for alg, digest in (("HS256", "sha256"), ("HS384", "sha384")):
        head = encoded({**PARAMETERS, "alg": alg})
        told = f"{head}.{encoded(claims(oauth))}"
        for secret in (KEYS["RS384"].as_pem(private=False), json.dumps(public(KEYS["RS384"]))):
            key = secret if isinstance(secret, bytes) else secret.encode()
            assert not taken(oauth, f"{told}.{encoded(hmac.digest(key, told.encode(), digest))}")


@pytest.mark.parametrize("key", [OTHER, KEYS["ES384"]])
def test_j04_the_signature_is_of_the_registered_key(oauth, key):
    alg = "ES384" if key is KEYS["ES384"] else "RS384"
    assert not taken(oauth, signed(claims(oauth), key, alg))
    whole = signed(claims(oauth))
    assert not taken(oauth, whole.rpartition(".")[0] + ".")
    assert not taken(oauth, rewritten(whole, payload=claims(oauth), signature=whole.split(".")[2]))


def test_j11_names_given_twice_are_refused(oauth):
    whole = signed(claims(oauth))
    told = json.dumps(claims(oauth))
    assert not taken(oauth, rewritten(whole, payload=told.replace("{", '{"iss":"app",').encode()))
    assert not taken(oauth, rewritten(whole, header=b'{"kid":"x",' + _header()[1:]))
    assert taken(oauth, rewritten(whole, header=_header()))


def _header():
    return json.dumps(PARAMETERS).encode()


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e400", b"2e9", b"0777", b"9" * 5000])
def test_j15_numbers_json_does_not_have_are_refused(oauth, number):
    told = json.dumps(claims(oauth, exp=0)).encode().replace(b'"exp": 0', b'"exp": ' + number)
    assert not taken(oauth, rewritten(signed(claims(oauth)), payload=told))


@pytest.mark.parametrize(
    "assertion",
    ["", ".", "..", "a.b.c", "a.b", "a.b.c.d", "é.é.é", "a" * 9000, "W10.W10.W10", "e30.e30.e30"],
)
def test_what_is_no_jwt_is_refused(oauth, assertion):
    assert not taken(oauth, assertion)


@pytest.mark.parametrize("payload", [b"[]", b"1", b"\xff", b"{", b"{}" * 2, b"[" * 3000])
def test_a_payload_that_is_no_object_is_refused(oauth, payload):
    assert not taken(oauth, rewritten(signed(claims(oauth)), payload=payload))


def test_j17_an_assertion_counts_once(oauth):
    assertion = signed(claims(oauth))
    assert taken(oauth, assertion)
    assert not taken(oauth, assertion)
    # A new one with the same jti, too, and after a restart: what was used is in the records.
    jti = uuid4().hex
    assert taken(oauth, signed(claims(oauth, jti=jti)))
    assert not taken(changed(oauth, base_url="x"), signed(claims(oauth, jti=jti, exp=NOW + 100)))


def test_j18_of_many_at_once_exactly_one_gets_in(oauth):
    assertion = signed(claims(oauth))
    with ThreadPoolExecutor(16) as pool:
        got = [one for one in pool.map(lambda _: taken(oauth, assertion), range(32)) if one]
    assert len(got) == 1


def test_an_assertion_that_was_refused_does_not_use_up_its_jti(oauth):
    told = claims(oauth)
    assert not taken(oauth, signed(told, OTHER))
    assert taken(oauth, signed(told))


def test_the_same_jti_of_two_clients_is_two(oauth):
    kept(oauth, id="two", name="Another one")
    told = claims(oauth)
    assert taken(oauth, signed(told))
    assert taken(oauth, signed({**told, "iss": "two", "sub": "two"})).id == "two"


def test_j23_no_client_signs_for_another(oauth):
    kept(oauth, id="two", name="Another one", jwks={"keys": [public(OTHER)]})
    assert not taken(oauth, signed(claims(oauth, iss="two", sub="two")))
    assert not taken(oauth, signed(claims(oauth), OTHER))


def test_j24_the_client_of_the_form_is_the_one_that_signed(oauth):
    assert taken(oauth, signed(claims(oauth)), client_id="app")
    assert not taken(oauth, signed(claims(oauth)), client_id="other")


@pytest.mark.parametrize("status", ["pending", "rejected", "suspended"])
def test_a_client_that_is_not_active_is_nobody(oauth, status):
    oauth.records.change("clients", {"_id": "app"}, {"status": status})
    assert not taken(oauth, signed(claims(oauth)))


def test_the_type_of_an_assertion_is_told(oauth):
    assertion = signed(claims(oauth))
    form = tuple(pair for pair in proving(assertion) if pair[0] == "client_assertion")
    with pytest.raises(authentication.InvalidClientError):
        authentication.authenticated(oauth, Request(TOKEN_URL, form))
    form = (*form, ("client_assertion_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"))
    with pytest.raises(authentication.InvalidClientError):
        authentication.authenticated(oauth, Request(TOKEN_URL, form))
