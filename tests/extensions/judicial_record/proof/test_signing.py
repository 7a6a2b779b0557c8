"""One form of signature and no other: headers, encodings, the two halves of ECDSA, keys."""

import base64
import hashlib
import hmac
import json

import pytest

from extensions.judicial_record.proof import jws, signing
from extensions.judicial_record.proof.canonical import canonical
from extensions.judicial_record.proof.keyset import keyset
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.errors import FhirError
from tests.extensions.judicial_record.proof.issuing import ISSUED, ISSUER, body

HEADER = {"alg": "ES256", "b64": False, "crit": ["b64"], "typ": "jrc+jws"}


def reason(world, made, content=None):
    with pytest.raises(Doubt) as doubt:
        jws.read(made, signing.TYP, world.known, content or canonical(body()))
    return doubt.value.reason


def signed(world, header, key=None):
    """Sign whatever header with a true key."""
    key = key or world.key
    head = jws.encoded(header if isinstance(header, bytes) else canonical(header))
    made = jws.low(key.sign(head.encode() + b"." + canonical(body())))
    return f"{head}..{jws.encoded(made)}"


def test_a_detached_payload_is_signed_as_it_is():
    # https://www.rfc-editor.org/rfc/rfc7797#section-4.2, with its HMAC in the key's place.
    secret = base64.urlsafe_b64decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
    )
    head = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19"
    made = hmac.new(secret, f"{head}.$.02".encode(), hashlib.sha256).digest()
    assert jws.encoded(made) == "A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"
    seen = []
    key = jws.Key("k", "", lambda message: seen.append(message) or b"\0" * 64)
    jws.sign(key, "t", b"$.02", detached=True)
    assert seen[0].endswith(b".$.02")


def test_es256_verifies_what_the_standard_signed():
    # https://www.rfc-editor.org/rfc/rfc7515#appendix-A.3
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "use": "sig",
        "kid": "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
        "issuer": "",
        "nbf": 0,
        "exp": 1,
    }
    (key,) = keyset({"keys": [jwk]}).values()
    claims = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
    message = f"eyJhbGciOiJFUzI1NiJ9.{jws.encoded(claims)}".encode()
    made = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    assert jws._ES256.verify(message, jws.decoded(made), key.public)


def test_the_other_half_of_a_signature_is_not_taken(world):
    made = signing.sign(body(), world.key).jws
    head, _, tail = made.rpartition(".")
    raw = jws.decoded(tail)
    s = jws.ORDER - int.from_bytes(raw[32:])
    other = f"{head}.{jws.encoded(raw[:32] + s.to_bytes(32))}"
    assert jws._ES256.verify(
        f"{head[:-1]}.".encode() + canonical(body()),
        jws.decoded(other.rpartition(".")[2]),
        world.known[world.key.kid].public,
    )
    assert reason(world, other) == "signature-form"


@pytest.mark.parametrize(
    "header",
    [
        {**HEADER, "alg": "none"},
        {**HEADER, "alg": "HS256"},
        {**HEADER, "alg": "ES512"},
        {**HEADER, "typ": "statuslist+jwt"},
        {**HEADER, "typ": "JRC+JWS"},
        {**HEADER, "b64": True},
        {**HEADER, "crit": ["b64", "exp"]},
        {**HEADER, "crit": []},
        {**HEADER, "jku": "https://example.org/keys"},
        {**HEADER, "x5u": "https://example.org/cert"},
        {**HEADER, "jwk": {}},
        {**HEADER, "x5c": []},
        {**HEADER, "cty": "json"},
    ],
)
def test_a_header_says_what_it_must_and_nothing_more(world, header):
    assert reason(world, signed(world, {**header, "kid": world.key.kid})) == "signature-form"


@pytest.mark.parametrize(
    "kid",
    ["../keys/a", "/etc/passwd", "a\x00b", "' or 1", "{}", "https://example.org/k", "x" * 43, ""],
)
def test_a_kid_is_looked_up_and_is_never_a_path(world, kid):
    assert reason(world, signed(world, {**HEADER, "kid": kid})) == "key-unknown"


@pytest.mark.parametrize("kid", [None, 1, ["a"], {}, "é"])
def test_a_kid_that_is_no_text_is_none(world, kid):
    assert reason(world, signed(world, {**HEADER, "kid": kid})) == "signature-form"


def test_another_spelling_of_the_header_is_not_taken(world):
    header = {**HEADER, "kid": world.key.kid}
    assert jws.read(signed(world, header), signing.TYP, world.known, canonical(body()))
    text = canonical(header)
    for spelled in (
        json.dumps(header, sort_keys=True).encode(),
        text.replace(b'"alg":', b'"alg":"none","alg":'),
        text[:-1] + b',"kid":"x"}',
        text.replace(b"ES256", b"\\u0045S256"),
        text + b" ",
        b"[]",
        b"{",
        b"\xff",
    ):
        assert reason(world, signed(world, spelled)) == "signature-form"


@pytest.mark.parametrize("cut", [0, 1, 85])
def test_a_signature_has_64_bytes_in_one_spelling(world, cut):
    made = signing.sign(body(), world.key).jws
    head, _, tail = made.rpartition(".")
    for other in (tail[:cut], tail + "A", tail + "=", tail[:-1] + chr(ord(tail[-1]) + 1)):
        assert reason(world, f"{head}.{other}") == "signature-form"
    assert reason(world, made + "\n") == "signature-form"
    assert reason(world, made.replace("..", ".e30.")) == "signature-form"


def test_nought_and_the_order_are_no_signature(world):
    head = signing.sign(body(), world.key).jws.split(".")[0]
    order, one = jws.ORDER.to_bytes(32), (1).to_bytes(32)
    for raw in (bytes(64), one + bytes(32), bytes(32) + one, order + one, one + order):
        found = reason(world, f"{head}..{jws.encoded(raw)}")
        assert found in {"signature-wrong", "signature-form"}


def test_every_member_of_the_signature_element_follows_from_the_body(world):
    element = signing.sign(body(), world.key).element
    assert element["when"] == ISSUED
    assert element["who"] == {"reference": ISSUER}
    for changed in (
        {"when": "2026-11-28T03:00:00Z"},
        {"who": {"reference": ISSUER, "display": "x"}},
        {"type": []},
        {"data": element["data"] + "\n"},
        {"data": element["data"] + "===="},
        {"data": 1},
        {"onBehalfOf": {}},
    ):
        with pytest.raises(Doubt):
            signing.check(body() | {"signature": [element | changed]}, world.known)
    for several in ([], [element, element], element, None, [1]):
        with pytest.raises(Doubt) as doubt:
            signing.check(body() | {"signature": several}, world.known)
        assert doubt.value.reason == "signature-missing"


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": {"reference": "Organization/1"}},
        {"issuer": None},
        {"issued": "2026"},
        {"issued": None},
        {"id": None},
        {"resourceType": "Basic"},
        {"x": 1.5},
    ],
)
def test_a_body_that_cannot_be_signed_is_refused_with_its_place(world, changed):
    with pytest.raises(FhirError):
        signing.sign(body(**changed), world.key)


def test_a_key_that_is_not_its_thumbprint_or_has_no_times_is_no_key(world):
    row = world.row(world.key)
    assert keyset({"keys": [row]})
    other = world.signer.generate()
    for changed in (
        {"kid": other["kid"]},
        {"x": other["x"]},
        {"crv": "P-384"},
        {"kty": "RSA"},
        {"use": "enc"},
        {"nbf": None},
        {"exp": "1"},
        {"exp": True},
        {"issuer": None},
        {"revoked": {}},
        {"x": None},
        {"y": "AA"},
    ):
        assert keyset({"keys": [row | changed]}) == {}
    for none in (None, [], {}, {"keys": None}, {"keys": [1, None]}):
        assert keyset(none) == {}
