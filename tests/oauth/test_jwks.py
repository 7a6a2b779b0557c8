"""Keys of clients: which may be registered, and how they are fetched and kept."""

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from fhir_server.oauth import jwks
from tests.oauth.registry import KEYS, NOW, OTHER, changed, emptied, kept, public, registry

URL = "https://app.example.org/jwks.json"
RSA, EC = public(KEYS["RS384"]), public(KEYS["ES384"])


@pytest.fixture(scope="module")
def opened(mongodb_uri):
    with registry(mongodb_uri) as found:
        yield found


@pytest.fixture
def both(opened):
    return emptied(*opened)


def fetching(both, keys=(RSA,), status=200, **headers):
    oauth, net = both
    net.serve(URL, list(keys), status, **headers)
    client, _ = kept(oauth, jwks_uri=URL)
    return client


def test_keys_of_both_kinds_are_registered_without_what_means_nothing():
    found = jwks.registered({"keys": [{**RSA, "x": "y", "$where": 1}, {**EC, "kid": "two"}]})
    assert [set(key) for key in found["keys"]] == [
        {"kty", "kid", "n", "e"},
        {"kty", "kid", "crv", "x", "y"},
    ]


@pytest.mark.parametrize(
    "keys",
    [
        None,
        [],
        {},
        {"keys": []},
        {"keys": {}},
        {"keys": "x"},
        {"keys": [RSA] * 21},
        {"keys": [RSA, RSA]},
        {"keys": [None]},
        {"keys": [[]]},
        {"keys": [{}]},
        {"keys": [{**RSA, "kid": None}]},
        {"keys": [{**RSA, "kid": "a b"}]},
        {"keys": [{**RSA, "kid": "k" * 129}]},
        {"keys": [{name: RSA[name] for name in ("kty", "n", "e")}]},
        {"keys": [{**RSA, "use": "enc"}]},
        {"keys": [{**RSA, "alg": "RS256"}]},
        {"keys": [{**RSA, "alg": "none"}]},
        {"keys": [{**RSA, "e": "AQ"}]},
        {"keys": [{**RSA, "e": "Ag"}]},
        {"keys": [{**RSA, "n": "AQAB"}]},
        {"keys": [{**RSA, "n": RSA["n"] * 4}]},
        {"keys": [{**RSA, "n": 7}]},
        {"keys": [{**RSA, "n": "?"}]},
        {"keys": [{**EC, "x": EC["y"]}]},
        {"keys": [{**EC, "crv": "P-999"}]},
        {"keys": [{"kty": ["RSA"]}]},
        {"keys": [{**public(ECKey.generate_key("P-256")), "kid": "a"}]},
        {"keys": [{**OctKey.generate_key(256).as_dict(), "kid": "a"}]},
        {"keys": [{**OKPKey.generate_key("Ed25519").as_dict(private=False), "kid": "a"}]},
    ],
)
def test_a_set_that_cannot_be_used_is_refused(keys):
    with pytest.raises(ValueError, match=r"."):
        jwks.registered(keys)


@pytest.mark.parametrize("key", [KEYS["RS384"], KEYS["ES384"]])
def test_a_private_key_is_refused_with_a_word_of_warning(key):
    with pytest.raises(ValueError, match="private"):
        jwks.registered({"keys": [key.as_dict(private=True)]})


def test_a_set_is_fetched_once_as_long_as_its_server_says(both):
    oauth, net = both
    client = fetching(both, cache_control="max-age=100")
    for _ in range(3):
        assert jwks.key(oauth, client, "one", "RSA")
    oauth.clock.now = NOW + 99
    assert jwks.key(oauth, client, "one", "RSA")
    assert net.asked == [URL]
    oauth.clock.now = NOW + 100
    net.serve(URL, [public(OTHER)])
    assert jwks.key(oauth, client, "one", "RSA").as_dict()["n"] == public(OTHER)["n"]
    assert len(net.asked) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 300),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "public, MAX-AGE=60"}, 60),
        ({"cache-control": 'max-age="60"'}, 60),
        ({"cache-control": "max-age=86400"}, 600),
        ({"cache-control": "max-age=60, max-age=10"}, 10),
        ({"cache-control": "max-age=60", "age": "50"}, 10),
        ({"cache-control": "max-age=60", "age": "70"}, 0),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=soon"}, 0),
        ({"cache-control": "max-age=" + "9" * 5000}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "no-cache, max-age=60"}, 0),
        ({"cache-control": 'no-cache="set-cookie"'}, 0),
    ],
)
def test_a_set_is_never_kept_longer_than_its_server_says(headers, seconds):
    assert jwks.lifetime(headers) == seconds


def test_an_unknown_kid_has_the_set_fetched_again_once_a_minute(both):
    oauth, net = both
    client = fetching(both)
    assert jwks.key(oauth, client, "one", "RSA")
    net.serve(URL, [{**public(OTHER), "kid": "two"}])
    assert jwks.key(oauth, client, "two", "RSA") is None
    oauth.clock.now = NOW + 60
    assert jwks.key(oauth, client, "two", "RSA")
    assert jwks.key(oauth, client, "one", "RSA") is None
    assert len(net.asked) == 2


def test_nobody_makes_the_server_fetch_without_end(both):
    oauth, net = both
    client = fetching(both, cache_control="no-store")
    found = [jwks.key(oauth, client, "one", "RSA") for _ in range(20)]
    assert len(net.asked) == len([key for key in found if key]) == jwks.FETCHES_A_MINUTE
    oauth.clock.now = NOW + 60
    assert jwks.key(oauth, client, "one", "RSA")


@pytest.mark.parametrize(
    "page",
    [
        (500, {}, b""),
        (302, {"location": "https://app.example.org/other"}, b""),
        (200, {}, b""),
        (200, {}, b"<html>"),
        (200, {}, b"[]"),
        (200, {}, b'{"keys": 1}'),
        (200, {}, b'{"keys": [1, null, [], {"kid": "one", "kty": "RSA"}]}'),
        (200, {}, b" " * (64 * 1024 + 1)),
        (200, {}, b'{"keys": [], "keys": []}'),
    ],
)
def test_a_set_that_is_none_has_no_key(both, page):
    oauth, net = both
    client = fetching(both)
    net.pages[URL] = page
    assert jwks.key(oauth, client, "one", "RSA") is None


@pytest.mark.parametrize(
    ("keys", "kid", "kty"),
    [
        ([RSA, public(OTHER)], "one", "RSA"),
        ([RSA], "two", "RSA"),
        ([RSA], "one", "EC"),
        ([KEYS["RS384"].as_dict(private=True)], "one", "RSA"),
        ([{**RSA, "use": "enc"}], "one", "RSA"),
        ([public(KEYS["ES256"])], "one", "EC"),
    ],
)
def test_there_is_exactly_one_key_of_a_kid_and_a_kind_or_none(both, keys, kid, kty):
    oauth, _ = both
    assert jwks.key(oauth, fetching(both, keys), kid, kty) is None


def test_keys_of_two_kinds_may_share_a_kid(both):
    oauth, _ = both
    client = fetching(both, [RSA, EC])
    assert jwks.key(oauth, client, "one", "RSA").key_type == "RSA"
    assert jwks.key(oauth, client, "one", "EC").key_type == "EC"


def test_a_set_kept_from_another_address_does_not_count(both):
    oauth, net = both
    client = fetching(both)
    assert jwks.key(oauth, client, "one", "RSA")
    net.serve("https://other.example.org/jwks", [EC])
    moved = changed(client, jwks_uri="https://other.example.org/jwks")
    assert jwks.key(oauth, moved, "one", "RSA") is None
    assert jwks.key(oauth, moved, "one", "EC")
