"""What a document and its index entries weigh."""

import bson
import pytest
from bson.raw_bson import RawBSONDocument

from benchmarks.country.footprint import alike, compressed, entries, events, packed


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ([("_id", 1)], ["a"]),
        ([("x.code", 1), ("_id", -1)], ["one\0a", "two\0a"]),
        ([("x.date.lo", -1)], [f"{7:020}"]),
        ([("x.missing", 1)], [""]),
        ([("x.code.deeper", 1)], [""]),
    ],
)
def test_a_document_has_an_entry_for_each_value(keys, found):
    document = {"_id": "a", "x": {"code": ["one", "two"], "date": {"lo": 7}}}
    assert entries(document, keys) == found


def test_entries_share_what_they_begin_with_alike():
    assert [alike("ab", "ac"), alike("ab", "ab"), alike("", "a")] == [1, 2, 0]
    assert packed(["aaaa", "aaab", "aaac"]) == pytest.approx(8 + 6 / 3)


def test_what_repeats_is_compressed():
    row = RawBSONDocument(bson.encode({"text": "the same again " * 1_000}))
    assert compressed([row]) < 0.05


def test_events_are_as_the_server_keeps_them_and_each_has_its_own_id():
    found = list(events(3))
    assert len({one["_id"] for one in found}) == 3
    assert {"_id", "v", "ts", "method", "body", "f", "x", "mac"} == set(found[0])
    assert found[0]["x"]["_patient"]
