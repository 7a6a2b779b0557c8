"""The scale model: its sums, and that docs/scale.md says what it gives."""

from pathlib import Path

import pytest

from benchmarks.country.scale import Assumed, Model, sums, weights

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")
ROW = {"collection": "Basic", "a case": 2, "bytes": 1000, "compressed": 0.1, "indexes": 2}
MEASURED = {"visit": [ROW | {"entries": 3.0, "keys": 90, "packed": 70}], "certificate": []}


def test_a_collection_weighs_its_data_compressed_and_its_indexes_with_room_in_their_pages():
    one = Model(measured=MEASURED).parts()["current"]
    assert (one.documents, one.data, one.entries) == (2, 400, 6)
    assert one.indexes == pytest.approx(200)


def test_no_more_is_stored_of_the_feed_than_is_kept():
    feed = MEASURED["visit"][0] | {"collection": "commits"}
    model = Model(Assumed(visits=100, feed_years=0.5), measured={"visit": [feed]})
    assert model.stored(5).documents == model.stored(1).documents == 100


def test_what_is_even_needs_as_many_shards_as_the_larger_of_disks_and_memory():
    small = Model(Assumed(visits=1), measured=MEASURED)
    assert small.shards(1) == (1, 1)
    assert max(Model().shards(5)) > max(Model().shards(1))


def test_the_page_says_what_the_model_gives():
    for line in (*weights(Model()), *sums(Model())):
        assert line in PAGE, line
