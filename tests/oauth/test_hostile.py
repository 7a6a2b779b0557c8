"""Whatever is sent, what comes is a refusal in words and never another error."""

import contextlib
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.oauth import authentication, dpop, jwks, metadata, registration
from fhir_server.oauth.exchange import Request
from tests.oauth.registry import (
    KEYS,
    NOW,
    TOKEN_URL,
    emptied,
    kept,
    proving,
    public,
    registry,
    rewritten,
    signed,
)
from tests.oauth.test_metadata import APP, SYSTEM

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["app", "one", "RSA", "EC", "RS384", TOKEN_URL, "P-256", "AQAB"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
MANY = settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
RSA = KEYS["RS384"]
CLAIMS = {"iss": "app", "sub": "app", "aud": TOKEN_URL, "exp": NOW + 240, "jti": "a"}
HEADER = {"alg": "RS384", "typ": "JWT", "kid": "one"}
PROOF = {"alg": "RS256", "typ": "dpop+jwt", "jwk": public(RSA)}
WHOLE = signed(CLAIMS)


@pytest.fixture(scope="module")
def opened(mongodb_uri, spec):
    with registry(mongodb_uri, spec) as found:
        yield found


@pytest.fixture
def oauth(opened):
    found, _ = emptied(*opened)
    kept(found)
    return found


def changed(told):
    """Give a strategy for an object with some members of other values, or without them."""
    return st.dictionaries(st.sampled_from([*told, "x"]), JSON, min_size=1).map(
        lambda more: {**told, **more}
    )


def dumped(value):
    return json.dumps(value).encode()


@MANY
@given(changed(HEADER), changed(CLAIMS))
def test_an_assertion_of_anything_is_taken_or_refused(oauth, header, claims):
    text = rewritten(WHOLE, header=dumped(header), payload=dumped(claims))
    with contextlib.suppress(authentication.InvalidClientError):
        authentication.authenticated(oauth, Request(TOKEN_URL, proving(text)))


@MANY
@given(changed(PROOF), changed({"jti": "a", "htm": "POST", "htu": TOKEN_URL, "iat": NOW}))
def test_a_proof_of_anything_is_taken_or_refused(oauth, header, claims):
    text = rewritten(WHOLE, header=dumped(header), payload=dumped(claims), alg="RS256")
    with contextlib.suppress(dpop.InvalidProof):
        dpop.checked(oauth, text, "POST", TOKEN_URL)


@MANY
@given(st.text(max_size=200), st.text(max_size=50))
def test_a_form_and_a_header_of_anything_are_refused(oauth, text, name):
    for form, headers in (
        ((("client_id", text),), {}),
        (proving(text), {}),
        ((("client_id", name),), {"authorization": text}),
        ((("client_id", name),), {"authorization": f"Basic {text}"}),
        ((), {"authorization": f"bearer {text}"}),
    ):
        with pytest.raises((authentication.InvalidClientError, authentication.TooManyAttempts)):
            authentication.authenticated(oauth, Request(TOKEN_URL, form, headers))


@MANY
@given(changed(public(RSA)) | changed(public(KEYS["ES384"])) | JSON)
def test_a_key_of_anything_is_taken_or_refused(key):
    with contextlib.suppress(ValueError):
        jwks.registered({"keys": [key]})
    with contextlib.suppress(ValueError):
        jwks.public(key)


@MANY
@given(changed(APP) | changed(SYSTEM))
def test_metadata_of_anything_are_taken_or_refused_in_words_of_the_standard(oauth, told):
    # What the error says is looked at where it is made.
    with contextlib.suppress(metadata.InvalidMetadata):
        metadata.checked(oauth, told)


@MANY
@given(st.text(max_size=40), st.text(max_size=60))
def test_a_registration_of_nobody_is_nobodys(oauth, id_, authorization):
    for ask in registration.BY_METHOD.values():
        with pytest.raises(registration.InvalidToken):
            ask(oauth, id_, authorization, b"{}")
