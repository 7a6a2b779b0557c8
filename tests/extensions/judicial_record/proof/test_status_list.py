"""The status list: the draft's examples, places by chance, changes that cannot be taken back."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from extensions.judicial_record.proof import jws, keys, status_list
from extensions.judicial_record.proof.keyset import keyset
from extensions.judicial_record.proof.reasons import Doubt
from extensions.judicial_record.proof.status_list import CHANGES, Place
from fhir_server.fhir.errors import Conflict, NotFound
from fhir_server.fhir.json import parse
from tests.extensions.judicial_record.proof.issuing import ISSUER, T0

URI = "https://example.org/legal/status/99-0"


def status(records, place):
    row = records.get("status_changes", f"{place.shard}/{place.index}")
    return row["status"] if row else status_list.VALID


def test_the_list_is_packed_as_in_the_draft():
    # https://datatracker.ietf.org/doc/html/draft-ietf-oauth-status-list-21#section-4.2
    statuses = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    assert status_list.packed(12, enumerate(statuses)) == "eNo76fITAAPfAgc"
    content = status_list.unpacked("eNo76fITAAPfAgc", 12)
    assert content.hex() == "c944f9"
    assert [status_list.at(content, index) for index in range(12)] == statuses


def test_a_list_of_another_length_is_none_however_large_it_would_be():
    for size in (8, 16):
        with pytest.raises(ValueError, match="length"):
            status_list.unpacked("eNo76fITAAPfAgc", size)
    longer = jws.encoded(jws.decoded("eNo76fITAAPfAgc") + b"x")
    with pytest.raises(ValueError, match="length"):
        status_list.unpacked(longer, 12)
    bomb = status_list.packed(2**26, ())
    with pytest.raises(ValueError, match="length"):
        status_list.unpacked(bomb, status_list.SIZE)


def test_an_owner_has_one_place_however_often_and_by_how_many_it_is_asked_for(records):
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda n: status_list.allocate(records, "99", f"c{n % 4}"), range(32))
    assert len(set(found)) == 4


def test_a_full_list_is_followed_by_the_next_and_no_place_is_given_twice(records, monkeypatch):
    monkeypatch.setattr(status_list, "SIZE", 8)
    monkeypatch.setattr(status_list, "_FILL", 6)
    places = [status_list.allocate(records, "99", f"c{n}") for n in range(15)]
    assert len(set(places)) == 15
    assert [place.shard for place in places] == ["99-0"] * 6 + ["99-1"] * 6 + ["99-2"] * 3
    assert status_list.allocate(records, "98", "other").shard == "98-0"


def test_the_order_of_places_is_not_the_order_of_issue(records):
    places = [status_list.allocate(records, "99", f"c{n}").index for n in range(20)]
    assert places != sorted(places)


@pytest.mark.parametrize(("was", "new"), [*product(range(4), range(4))])
def test_only_the_changes_of_the_table_are_made(records, was, new):
    place = status_list.allocate(records, "99", "c")
    status_list.set_status(records, place, was)
    if new == was or new in CHANGES[was]:
        status_list.set_status(records, place, new)
        assert status(records, place) == new
    else:
        with pytest.raises(Conflict):
            status_list.set_status(records, place, new)
        assert status(records, place) == was


def test_of_changes_at_once_the_revocation_stays(records):
    place = status_list.allocate(records, "99", "c")

    def change(status):
        try:
            status_list.set_status(records, place, status)
        except Conflict:
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, [3, 2, 1, 3, 2, 0, 3, 2]))
    assert status(records, place) == status_list.REVOKED


def test_a_place_nobody_has_cannot_be_changed(records):
    with pytest.raises(NotFound):
        status_list.set_status(records, Place("99-0", 5), status_list.REVOKED)


def test_the_token_says_what_was_changed_and_for_how_long(ring):
    places = [status_list.allocate(ring.records, "99", f"c{n}") for n in range(5)]
    for status, place in enumerate(places[:4]):
        status_list.set_status(ring.records, place, status)
    token = status_list.token(ring, "99-0", URI)
    known = keyset(keys.published(ring))
    listed = [status_list.read(token, known, ISSUER, URI, place.index) for place in places]
    assert [one.status for one in listed] == [0, 1, 2, 3, 0]
    assert (listed[0].issued, listed[0].ttl, listed[0].expires) == (T0, 60, T0 + 86400)
    header = parse(jws.decoded(token.split(".")[0]))
    assert (header["typ"], header["alg"]) == ("statuslist+jwt", "ES256")
    assert len(token) < 700
    for index in (-1, status_list.SIZE):
        with pytest.raises(Doubt):
            status_list.read(token, known, ISSUER, URI, index)


@pytest.mark.parametrize(
    "shard",
    ["99-1", "98-0", "99-", "99-x", "99", "", "99--1", "99-²", "99-00", "99-٠", f"99-{'0' * 5000}"],
    ids=lambda shard: ascii(shard[:9]),
)
def test_there_is_no_list_nobody_has_a_place_in(ring, shard):
    status_list.allocate(ring.records, "99", "c")
    with pytest.raises(NotFound):
        status_list.token(ring, shard, URI)
