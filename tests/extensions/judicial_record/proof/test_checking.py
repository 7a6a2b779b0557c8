"""A verdict from files: valid, not valid, stale or unknown, each with its reasons."""

import pytest

from extensions.judicial_record.proof import jws, reasons, signing, status_list
from extensions.judicial_record.proof.canonical import canonical
from extensions.judicial_record.proof.checking import Evidence, check
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.json import dump, parse
from tests.extensions.judicial_record.proof.issuing import (
    ISSUER,
    LIST,
    PAPER,
    T0,
    World,
    body,
)


def verdict(world, certificate, at=T0, **evidence):
    evidence = {"status": world.status()} | evidence
    return check(certificate, world.known, at * SECOND, Evidence(**evidence))


def test_an_untouched_certificate_is_valid_with_all_its_evidence(world):
    certificate = world.certificate()
    found = verdict(world, dump(certificate), paper=PAPER, log=world.inclusion(certificate))
    assert (found.kind, found.reasons, found.body) == ("valid", (), body())
    assert (found.status_at, found.unproven) == (T0, ())


def test_white_space_and_order_are_no_change(world):
    certificate = dump(dict(reversed(world.certificate().items())))
    assert verdict(world, certificate.replace(b'{"', b'{\n "')).kind == "valid"


def test_what_the_server_stamped_is_named_as_unproven(world):
    found = verdict(world, world.certificate() | {"meta": {"versionId": "1"}})
    assert (found.kind, found.unproven) == ("valid", ("meta",))
    assert "meta" not in found.body


@pytest.mark.parametrize(
    "added",
    [
        {"text": {"div": "<div>something else</div>"}},
        {"note": [{"text": "x"}]},
        {"_status": {"id": "x"}},
        {"contained": []},
    ],
)
def test_what_was_not_there_at_the_issue_cannot_be_added(world, added):
    assert verdict(world, world.certificate() | added).reasons == ("signature-wrong",)


def test_swapped_signatures_fit_neither_certificate(world):
    one, other = world.certificate(), world.certificate(id="c2")
    for body_, sign in ((one, other), (other, one)):
        assert verdict(world, body_ | {"signature": sign["signature"]}).kind == "not-valid"


def test_a_certificate_moved_to_another_person_is_not_valid(world):
    moved = world.certificate() | {"subject": {"reference": "Person/2"}}
    assert verdict(world, moved).reasons == ("signature-wrong",)


@pytest.mark.parametrize(("value", "reason"), [(1, "revoked"), (2, "suspended"), (3, "superseded")])
def test_what_was_revoked_or_superseded_is_not_valid_however_often_it_is_shown(
    world, value, reason
):
    found = verdict(world, world.certificate(), status=world.status(7, value))
    assert (found.kind, found.reasons) == ("not-valid", (reason,))
    assert verdict(world, world.certificate(), status=world.status(8, value)).kind == "valid"


@pytest.mark.parametrize(
    "later", [{"status": "revoked"}, {"revocation": {}}, {"replacedBy": {}}, {"status": "x"}]
)
def test_a_certificate_that_says_it_has_ended_is_believed(world, later):
    assert verdict(world, world.certificate() | later).reasons == ("not-issued",)


@pytest.mark.parametrize(
    ("late", "max_age", "kind"),
    [
        (60, None, "valid"),
        (61, None, "stale"),
        (3600, 3600, "valid"),
        (86401, 10**6, "stale"),
        (-60, None, "valid"),
        (-61, None, "unknown"),
    ],
)
def test_a_list_is_good_for_a_minute_or_as_long_as_the_verifier_says(world, late, max_age, kind):
    assert verdict(world, world.certificate(), T0 + late, max_age=max_age).kind == kind


def test_an_old_list_that_says_revoked_is_enough(world):
    found = verdict(world, world.certificate(), T0 + 999, status=world.status(7, 1))
    assert (found.kind, found.reasons) == ("not-valid", ("revoked", "status-stale"))


def test_without_a_list_it_is_not_known(world):
    found = verdict(world, world.certificate(), status=None)
    assert (found.kind, found.reasons) == ("unknown", ("status-unknown",))


def test_a_list_of_another_place_or_signed_by_another_is_no_list(world):
    assert verdict(world, world.certificate(), status=world.status(sub="x")).kind == "not-valid"
    world = World()
    lst = parse(jws.decoded(world.status().split(".")[1]))
    forged = jws.sign(world.another("Organization/1"), status_list.TYP, dump(lst))
    assert verdict(world, world.certificate(), status=forged).reasons == ("status-broken",)
    head = world.head([])
    assert verdict(world, world.certificate(), status=head).reasons == ("status-broken",)


@pytest.mark.parametrize(
    "changed",
    [
        {"iat": "x"},
        {"ttl": None},
        {"exp": True},
        {"iat": -1.5},
        {"status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 2, "lst": "eNrbuRgAAhcBXQ"}},
        {"status_list": {"bits": 2, "lst": "not zlib"}},
        {"status_list": []},
    ],
)
def test_a_list_of_a_wrong_shape_is_no_list(world, changed):
    found = verdict(world, world.certificate(), status=world.status(**changed))
    assert found.reasons == ("status-broken",)


def test_another_paper_is_seen(world):
    assert verdict(world, world.certificate(), paper=PAPER + b" ").reasons == ("paper-differs",)
    without = {"code": "A", "statusList": LIST, "statusIndex": 7}
    unnamed = world.certificate(verification=without)
    assert verdict(world, unnamed, paper=PAPER).reasons == ("paper-differs",)


def test_the_proof_of_another_certificate_or_of_a_revocation_is_no_proof(world):
    one, other = world.certificate(), world.certificate(id="c2")
    found = verdict(world, one, log=world.inclusion(other))
    assert found.reasons == ("log-of-another",)
    for broken in ([], {}, {**world.inclusion(one), "index": 21}):
        assert verdict(world, one, log=broken).reasons == ("log-broken",)


def test_a_head_the_logs_own_key_did_not_sign_is_none():
    world = World()
    certificate = world.certificate()
    world.log_key = world.key
    found = verdict(world, certificate, log=world.inclusion(certificate))
    assert found.reasons == ("log-broken",)


@pytest.mark.parametrize(
    ("since", "until", "reason"),
    [
        (T0, T0 + 1, None),
        (T0 + 1, T0 + 2, "key-out-of-time"),
        (T0 - 1, T0, "key-out-of-time"),
    ],
)
def test_a_key_signs_from_its_first_second_to_before_its_last(since, until, reason):
    world = World()
    key = world.another(ISSUER, since, until)
    found = verdict(world, world.certificate(key))
    assert found.reasons == ((reason,) if reason else ())


def test_a_lost_key_proves_nothing_after_and_only_what_the_log_has_before():
    world = World()
    key = world.another(ISSUER)
    certificate = world.certificate(key)
    world.row(key)["revoked"] = {"revoked_at": T0, "reason": "compromised"}
    assert verdict(world, certificate).reasons == ("key-compromised",)
    world.row(key)["revoked"] = {"revoked_at": T0 + 1, "reason": "compromised"}
    assert verdict(world, certificate).reasons == ("key-needs-log",)
    assert verdict(world, certificate).kind == "unknown"
    assert verdict(world, certificate, log=world.inclusion(certificate)).kind == "valid"


def test_the_key_of_another_issuer_signs_nothing():
    world = World()
    other = world.another("Organization/1")
    made = jws.sign(other, signing.TYP, canonical(body()), detached=True)
    forged = body() | {"signature": [signing._element(body(), made)]}
    assert verdict(world, forged).reasons == ("key-of-another",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"resourceType":"JudicialRecordCertificate","id":"a"}',
        b'{"id":1,"issuer":[],"issued":{}}',
        b"\xff",
        b"[" * 1000,
        b'{"a":1,"a":2}',
    ],
)
def test_anything_else_is_not_valid_and_never_an_error(world, content):
    assert verdict(world, content).kind == "not-valid"


@pytest.mark.parametrize("issued", ["2026", "x", 1, None, "2026-11-28T10:00:00"])
def test_a_time_of_issue_that_is_none_is_not_valid(world, issued):
    found = verdict(world, world.certificate() | {"issued": issued})
    assert found.reasons == ("not-a-certificate",)


def test_every_reason_has_words_in_both_languages():
    rows = [*reasons.REASONS.values(), *reasons.NAMES.values()]
    assert all(row["en"] and row["vi"] for row in rows)
    assert {row["kind"] for row in reasons.REASONS.values()} < set(reasons.KINDS)
