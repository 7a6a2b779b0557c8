"""The extract in the second QR code: what Form 1 says, and only of a record without convictions."""

import base64
import zlib
from datetime import UTC, datetime

import pytest
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from extensions.judicial_record.paper import offline, qr
from extensions.judicial_record.proof import jws
from extensions.judicial_record.proof.keyset import PublicKey
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.errors import Invalid
from tests.extensions.judicial_record.paper.bodies import CONVICTION, concept, form_1, form_2

# As long as the JWS of an extract is: a header with a thumbprint for kid, and a signature.
ISSUED = int(datetime(2026, 11, 28, 2, 3, 4, tzinfo=UTC).timestamp())
HEAD, SIGNATURE = "e" * 115, "s" * 86


def test_the_extract_says_what_the_page_says():
    told = offline.extract(offline.payload(form_1()))
    assert told["subjectSnapshot"] == {
        "name": "NGUYỄN VĂN THỬ",
        "gender": "male",
        "birthDate": "1990-02-28",
    }
    assert told["convictionStatus"] == "none"
    assert [one["value"] for one in told["identifier"]] == ["0001/2026/LLTP-99"]
    assert "dataAsOf" not in told


def test_the_dossier_is_not_in_the_extract():
    body = form_1()
    dossier = {"type": concept("certificate-identifier-type", "dossier-code"), "value": "G99-X"}
    body["identifier"].append(dossier)
    assert offline.payload(body) == offline.payload(form_1())


def test_convictions_are_never_carried():
    assert offline.payload(form_2()) is None
    assert offline.payload(form_2(status="none")) is None
    assert offline.payload(form_1(convictionStatus="present", conviction=[CONVICTION])) is None


def test_a_signed_extract_fits_into_one_code():
    middle = base64.urlsafe_b64encode(offline.payload(form_1())).decode().rstrip("=")
    assert qr.of_jws(f"{HEAD}.{middle}.{SIGNATURE}") is not None


def test_what_was_scanned_is_the_jws_again():
    text = "eyJ-_09azAZ.eyJ.abc"
    assert offline.carried(offline.PREFIX + offline.digits(text)) == text


@pytest.mark.parametrize(
    "text", ["", "jrc:/", "shc:/11", "jrc:/1", "jrc:/1a", "jrc:/١٢"], ids=ascii
)
def test_another_code_is_refused(text):
    with pytest.raises(Invalid):
        offline.carried(text)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", zlib.compress(b"{}"), zlib.compress(b"x" * 5_000, wbits=-15)],
    ids=["nothing", "cut", "zlib", "bomb"],
)
def test_a_payload_of_another_kind_is_refused(content):
    with pytest.raises(Invalid):
        offline.extract(content)


@pytest.fixture(scope="module")
def key():
    return ECKey.generate_key("P-256", auto_kid=True)


def code(key, body, typ=offline.TYP):
    algorithm = JWSRegistry(algorithms=["ES256"]).get_alg("ES256")
    signer = jws.Key(key.kid, "Organization/o1", lambda data: algorithm.sign(data, key))
    text = jws.sign(signer, typ, offline.payload(body))
    assert qr.of_jws(text)
    return offline.PREFIX + offline.digits(text)


def known(key, **differs):
    fixed = {"issuer": "Organization/o1", "since": ISSUED, "until": ISSUED + 1, "revoked": 0}
    return {key.kid: PublicKey(kid=key.kid, public=key, **{**fixed, **differs})}


def test_a_code_is_proven_with_nothing_but_the_keys(key):
    told = offline.proven(code(key, form_1()), known(key))
    assert told["verification"]["code"] == form_1()["verification"]["code"]


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"issuer": "Organization/o2"}, "key-of-another"),
        ({"since": ISSUED + 1, "until": ISSUED + 2}, "key-out-of-time"),
        ({"revoked": ISSUED}, "key-compromised"),
        ({"revoked": ISSUED + 1}, "key-needs-log"),
    ],
)
def test_a_key_must_have_been_good_when_it_signed(key, differs, reason):
    with pytest.raises(Doubt) as doubt:
        offline.proven(code(key, form_1()), known(key, **differs))
    assert doubt.value.reason == reason


def test_a_code_of_another_kind_or_signer_is_not_proven(key):
    with pytest.raises(Doubt):
        offline.proven(code(key, form_1(), "jrc+jws"), known(key))
    with pytest.raises(Doubt):
        offline.proven(code(key, form_1()), {})


def test_every_digit_of_a_code_is_covered(key):
    whole, keys = code(key, form_1()), known(key)
    passed = []
    for at in range(len(offline.PREFIX), len(whole)):
        other = str((int(whole[at]) + 1) % 10)
        try:
            offline.proven(whole[:at] + other + whole[at + 1 :], keys)
        except (Doubt, Invalid):
            continue
        passed.append(at)
    assert passed == []
