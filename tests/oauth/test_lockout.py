"""Who guesses waits, and nobody else."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from fhir_server.oauth import lockout
from tests.oauth.identity import NOW, identities


@pytest.fixture
def records(mongodb_uri):
    with identities(mongodb_uri) as oauth:
        yield oauth.records


def fail(records, times, key="k", now=NOW):
    for _ in range(times):
        lockout.failed(records, [key], now)


def test_a_few_failures_cost_nothing_then_the_wait_doubles_up_to_a_quarter_of_an_hour(records):
    waits = []
    for _ in range(18):
        fail(records, 1)
        waits.append(lockout.delay(records, "k", NOW))
    assert waits == [0] * 5 + [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_the_wait_ends_and_one_more_failure_waits_longer(records):
    fail(records, 8)
    assert lockout.delay(records, "k", NOW + 3) == 1
    assert lockout.delay(records, "k", NOW + 4) == 0
    fail(records, 1, now=NOW + 4)
    assert lockout.delay(records, "k", NOW + 4) == 8


def test_another_key_does_not_wait(records):
    fail(records, 30)
    assert lockout.delay(records, "other", NOW) == 0


def test_failures_are_forgotten_an_hour_after_the_last_though_the_database_keeps_them(records):
    fail(records, 10)
    fail(records, 1, now=NOW + 3599)
    assert lockout.delay(records, "k", NOW + 3599) == 32
    fail(records, 1, now=NOW + 3599 + 3600)
    assert lockout.delay(records, "k", NOW + 3599 + 3600) == 0


def test_the_rightful_one_clears_the_count(records):
    fail(records, 10)
    lockout.cleared(records, ["k"])
    assert lockout.delay(records, "k", NOW) == 0


def test_failures_at_the_same_time_are_all_counted(records):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: fail(records, 1), range(14)))
    assert records.find("attempts", {})[0]["n"] == 14
    assert lockout.delay(records, "k", NOW) > 0


def test_failures_of_many_keys_at_the_same_time_are_all_counted(records):
    lockout.failed(records, ["old"] * 9, NOW - 3600)
    lockout.failed(records, ["k"], NOW)
    keys = ["k", "old", "other", "k"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: lockout.failed(records, keys, NOW), range(8)))
    assert sorted(row["n"] for row in records.find("attempts", {})) == [8, 8, 17]


def test_neither_names_nor_addresses_are_kept(records):
    fail(records, 1, key="user 192.0.2.7 nurse")
    [kept] = records.find("attempts", {})
    assert "nurse" not in str(kept)
    assert "192.0.2" not in str(kept)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:0:1::7", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::7", "2001:db8:0:2::7", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("testclient", "testclient", True),
    ],
)
def test_one_machine_is_one_network_whatever_address_it_takes(one, other, same):
    assert (lockout.network(one) == lockout.network(other)) is same


def test_the_waits_never_become_shorter():
    waits = [lockout._wait(over) for over in range(-3, 5000)]
    assert all(a <= b for a, b in pairwise(waits))
    assert waits[-1] == lockout.LONGEST_WAIT
