"""Shard keys over synthetic visits: what is even, what is hot, and what is drawn of it."""

import pytest

from benchmarks.country import drawing, shards
from benchmarks.country.shards import KEYS, World


@pytest.fixture(scope="module")
def found():
    return shards.simulated(World(citizens=3_000, busy=3_000))


def test_the_same_seed_gives_the_same_country():
    one, other = World(citizens=500), World(citizens=500)
    assert one.visits(100) == other.visits(100)
    assert World(seed=1, citizens=500).visits(100) != one.visits(100)


def test_a_patients_visit_is_on_one_shard_and_by_resource_id_on_most(found):
    assert (found["patient"].written, found["patient"].most_written) == (1, 1)
    assert found["resource id"].written > World().shards / 2


def test_what_is_new_is_all_on_one_shard_where_the_key_is_time(found):
    assert found["time"].hottest == World().shards


def test_a_hospitals_bulk_is_hot_by_hospital_and_even_by_patient(found):
    assert max(found["patient"].bulk) < 1.5 < max(found["patient in ranges"].bulk)
    assert max(found["hospital"].bulk) > 3
    assert max(found["province"].bulk) > 3


def test_every_key_has_its_place_in_every_table(found):
    assert tuple(found) == KEYS
    asked = shards.questions(12)
    assert {len(row) for row in asked.values()} == {len(KEYS)}
    lines = list(shards.tables(World(), found))
    assert sum(line.startswith("| patient |") for line in lines) == 1


def test_sizes_are_packed_the_largest_first():
    assert shards.packed({1: 5, 2: 3, 3: 3}, 2) == {1: 0, 2: 1, 3: 1}


def test_pictures_are_drawn_with_a_bar_for_each_shard_and_a_cell_for_each_question(found):
    bars = drawing.bars({key: one.bulk for key, one in found.items()})
    assert bars.count("<rect") == 1 + len(KEYS) * World().shards
    cells = drawing.matrix(KEYS, shards.questions(12), 12)
    assert cells.count("<rect") == 1 + len(KEYS) * len(shards.questions(12))
