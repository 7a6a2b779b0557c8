"""What a provider says of itself, and its keys: fetched seldom, believed carefully."""

import httpx2
import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from fhir_server.oauth.provider import Provider, ProviderError, private_key
from fhir_server.outbound.client import Outbound
from tests.oauth.identity import Clock
from tests.oauth.provider import EC, FOREIGN, ISSUER, OURS, RSA, Mock, answered

HEADER = {"alg": "RS256", "kid": "rsa"}


@pytest.fixture
def mock():
    return Mock()


@pytest.fixture
def provider(mock):
    return mock.provider()


def test_where_it_is_asked_is_fetched_once(mock, provider):
    for _ in range(3):
        assert provider.endpoints().token == f"{ISSUER}/token"
    assert mock.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": f"{ISSUER}/"},
        {"issuer": "https://ID.example.org"},
        {"issuer": "https://id.example.org.evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "http://id.example.org/keys"},
        {"token_endpoint": "http://169.254.169.254/latest"},
        {"token_endpoint": "https://10.0.0.1/token"},
        {"token_endpoint": "https://good@id.example.org/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": ["https://id.example.org/keys"]},
    ],
)
def test_what_it_may_not_say_of_itself_is_not_believed(mock, provider, document):
    mock.document = document
    with pytest.raises(ProviderError):
        provider.endpoints()


def test_its_keys_are_kept_as_long_as_it_says(mock, provider):
    for _ in range(3):
        assert provider.key(HEADER).thumbprint() == RSA.thumbprint()
    mock.clock.now += 299
    provider.key(HEADER)
    assert mock.asked.count("/keys") == 1
    mock.clock.now += 1
    provider.key(HEADER)
    assert mock.asked.count("/keys") == 2


def test_a_key_that_is_new_is_fetched_and_one_that_is_gone_is_forgotten(mock, provider):
    provider.key(HEADER)
    mock.keys = [RSAKey.generate_key(2048, {"kid": "new"})]
    mock.clock.now += 60
    assert provider.key({"alg": "RS256", "kid": "new"})
    with pytest.raises(ProviderError, match="no key"):
        provider.key(HEADER)


def test_who_names_unknown_keys_has_them_fetched_once_a_minute(mock, provider):
    for number in range(20):
        with pytest.raises(ProviderError):
            provider.key({"alg": "RS256", "kid": f"unknown-{number}"})
    assert mock.asked.count("/keys") == 1
    mock.clock.now += 60
    with pytest.raises(ProviderError):
        provider.key({"alg": "RS256", "kid": "unknown"})
    assert mock.asked.count("/keys") == 2


def test_a_token_without_a_kid_fits_where_one_key_does(mock, provider):
    assert provider.key({"alg": "ES256"}).thumbprint() == EC.thumbprint()
    mock.keys = [RSA, FOREIGN]
    with pytest.raises(ProviderError, match="more than one"):
        mock.provider().key({"alg": "RS256"})


@pytest.mark.parametrize(
    "key",
    [
        OctKey.generate_key(256, {"kid": "rsa"}),
        ECKey.generate_key("P-256", {"kid": "rsa"}),
        RSAKey.generate_key(2048, {"kid": "rsa", "use": "enc"}),
        RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS512"}),
    ],
)
def test_a_key_for_something_else_is_no_key(mock, provider, key):
    mock.keys = [key]
    with pytest.raises(ProviderError):
        provider.key(HEADER)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys"])
@pytest.mark.parametrize("status", [302, 404, 500])
def test_it_does_not_answer_well_and_is_asked_again_later(mock, provider, path, status):
    mock.statuses[path] = status
    with pytest.raises(ProviderError, match=f"status {status}"):
        provider.key(HEADER)
    del mock.statuses[path]
    mock.clock.now += 5
    assert provider.key(HEADER)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b"{}" * 100_000])
def test_what_is_no_json_object_of_a_fair_size_is_not_believed(body):
    transport = httpx2.MockTransport(lambda _: answered(body))
    provider = Provider(OURS, Outbound(frozenset({ISSUER}), transport=transport), Clock())
    with pytest.raises(ProviderError):
        provider.endpoints()


def test_while_it_is_silent_nobody_waits_for_it_again():
    asked = []

    def silent(request):
        asked.append(request.url.path)
        raise httpx2.ConnectTimeout("no answer")

    clock = Clock()
    outbound = Outbound(frozenset({ISSUER}), transport=httpx2.MockTransport(silent))
    provider = Provider(OURS, outbound, clock)
    for _ in range(3):
        with pytest.raises(ProviderError):
            provider.endpoints()
    assert len(asked) == 1
    clock.now += 5
    with pytest.raises(ProviderError, match="nothing usable"):
        provider.endpoints()
    assert len(asked) == 2


def test_our_key_is_a_private_one_of_two_kinds():
    for key in (RSA, EC):
        assert private_key(key.as_pem(private=True).decode()).thumbprint() == key.thumbprint()
    for pem in (
        RSA.as_pem(private=False).decode(),
        ECKey.generate_key("P-384").as_pem(private=True).decode(),
        "no key",
        "",
    ):
        with pytest.raises(ValueError, match="no private RSA or P-256 key"):
            private_key(pem)


def test_nothing_of_our_secret_is_in_what_is_shown(mock):
    assert OURS.secret not in repr(OURS)
