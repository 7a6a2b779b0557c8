"""Keys of issuers: the first one, the rotation drill, what is lost, what others verify with."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from extensions.judicial_record.proof import keys, signing
from extensions.judicial_record.proof.keyset import keyset
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.dates import SECOND, instant
from fhir_server.fhir.errors import NotFound
from tests.extensions.judicial_record.proof.issuing import ISSUER, T0, body


def issue(ring):
    """Issue a certificate as of now, and wait a second after."""
    now = ring.clock()
    frozen = body(issued=instant(now))
    signed = signing.sign(frozen, keys.active(ring, ISSUER, now))
    ring.clock.second += 1
    return frozen | {"signature": [signed.element]}


def kid(ring, certificate):
    return signing.check(certificate, keyset(keys.published(ring))).key.kid


def test_the_first_key_is_made_when_it_is_asked_for_and_stays(ring):
    assert kid(ring, issue(ring)) == kid(ring, issue(ring))
    assert len(keys.published(ring)["keys"]) == 1


def test_a_rotation_drill_leaves_every_certificate_verifiable(ring):
    issued = []
    for _ in range(4):
        issued += [issue(ring), issue(ring)]
        keys.rotate(ring, ISSUER)
        issued.append(issue(ring))
    kids = [kid(ring, one) for one in issued]
    assert len(set(kids)) == 4
    assert kids == sorted(kids, key=kids.index)
    assert len(keys.published(ring)["keys"]) == 5


def test_in_the_second_of_a_rotation_the_old_key_still_signs(ring):
    old = keys.active(ring, ISSUER, ring.clock())
    keys.rotate(ring, ISSUER)
    assert keys.active(ring, ISSUER, ring.clock()).kid == old.kid
    assert keys.active(ring, ISSUER, ring.clock() + SECOND).kid != old.kid
    assert kid(ring, issue(ring)) == old.kid
    assert kid(ring, issue(ring)) != old.kid


def test_a_key_signs_for_two_years_and_then_another_is_made(ring):
    old = kid(ring, issue(ring))
    ring.clock.second = T0 + keys.SIGNING_SECONDS - 1
    assert kid(ring, issue(ring)) == old
    assert kid(ring, issue(ring)) != old


def test_what_a_lost_key_signed_is_good_before_the_time_it_was_lost_only(ring):
    before, after = issue(ring), issue(ring)
    lost = kid(ring, before)
    keys.compromised(ring, lost, (T0 + 1) * SECOND)
    assert kid(ring, before) == lost
    with pytest.raises(Doubt) as doubt:
        kid(ring, after)
    assert doubt.value.reason == "key-compromised"
    assert kid(ring, issue(ring)) != lost


def test_the_time_a_key_was_lost_moves_back_only(ring):
    lost = kid(ring, issue(ring))
    for told, known in ((50, 50), (60, 50), (40, 40), (-(10**12), 1)):
        keys.compromised(ring, lost, told * SECOND)
        (row,) = keys.published(ring)["keys"]
        assert row["revoked"] == {"revoked_at": known, "reason": "compromised"}
    with pytest.raises(NotFound):
        keys.compromised(ring, "none", 1)


def test_issuers_and_the_log_have_keys_of_their_own(ring):
    found = {keys.active(ring, one, ring.clock()).kid for one in (ISSUER, "Organization/1", "log")}
    assert len(found) == 3


def test_of_many_who_rotate_at_once_one_does(ring):
    issue(ring)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: keys.rotate(ring, ISSUER), range(8)))
    numbers = [row["number"] for row in ring.records.find("proof_keys", {"issuer": ISSUER})]
    assert numbers == list(range(len(numbers)))
    ring.clock.second += 1
    assert kid(ring, issue(ring)) == kid(ring, issue(ring))


def test_the_published_set_has_no_private_part(ring):
    issue(ring)
    (row,) = keys.published(ring)["keys"]
    members = {"kty", "crv", "x", "y", "kid", "issuer", "nbf", "exp", "use", "alg"}
    assert set(row) == members
    stored = ring.records.one("proof_keys", {})
    assert "d" not in stored
