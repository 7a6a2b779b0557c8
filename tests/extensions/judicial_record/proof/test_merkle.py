"""The Merkle tree against the values of Certificate Transparency's tests and a naive tree."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.judicial_record.proof import merkle
from tests.extensions.judicial_record.proof.issuing import nodes

# The eight entries and the nine roots that implementations of RFC 6962 are tried with.
ENTRIES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(bytes.fromhex(one)) for one in ENTRIES]
READ = nodes(LEAVES).__getitem__
MANY = [merkle.leaf_hash(bytes([one])) for one in range(70)]
READ_MANY = nodes(MANY).__getitem__
SIZES = st.integers(1, len(MANY))


def naive(leaves):
    """Give the hash of RFC 6962, 2.1, written as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:k]) + naive(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size):
    assert merkle.root(size, READ).hex() == ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "path"),
    [
        (0, 1, []),
        (0, 8, [1, 2, 3]),
        (5, 8, [1, 2, 3]),
        (2, 3, [1]),
        (1, 5, [1, 2, 3]),
    ],
)
def test_a_path_is_as_long_as_the_standard_says(index, size, path):
    assert len(merkle.inclusion(index, size, READ)) == len(path)


def test_the_proofs_are_those_of_certificate_transparency():
    # Path of the sixth of eight, and the proof from six leaves to eight.
    assert [one.hex() for one in merkle.inclusion(5, 8, READ)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [one.hex() for one in merkle.consistency(6, 8, READ)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(SIZES, st.data())
@settings(max_examples=100, deadline=None)
def test_a_path_leads_from_every_leaf_to_the_naive_root_and_from_no_other(size, data):
    index = data.draw(st.integers(0, size - 1))
    top, path = naive(MANY[:size]), merkle.inclusion(index, size, READ_MANY)
    assert merkle.included(MANY[index], index, size, path) == top
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert merkle.included(MANY[index], other, size, path) != top
        assert merkle.included(MANY[other], index, size, path) != top
    assert merkle.included(MANY[index], index, size, [*path, top]) is None
    assert path == [] or merkle.included(MANY[index], index, size, path[:-1]) != top


@given(SIZES, SIZES)
@settings(max_examples=100, deadline=None)
def test_a_consistency_proof_holds_for_its_two_roots_only(one, other):
    first, second = sorted((one, other))
    roots = naive(MANY[:first]), naive(MANY[:second])
    path = merkle.consistency(first, second, READ_MANY)
    assert merkle.consistent(first, second, roots, path)
    assert not merkle.consistent(first, second, (roots[0], merkle.EMPTY), path)
    assert not merkle.consistent(first, second, (merkle.EMPTY, roots[1]), path)
    assert not merkle.consistent(first, second, roots, [*path, roots[0]])
    for at in range(len(path)):
        assert not merkle.consistent(first, second, roots, path[:at] + path[at + 1 :])


@pytest.mark.parametrize("old", [3, 4, 6, 50])
def test_a_log_whose_past_was_changed_proves_nothing(old):
    root = naive(MANY[:old])
    removed, altered = [*MANY[:1], *MANY[2:]], [*MANY[:1], MANY[60], *MANY[2:]]
    reordered = [MANY[1], MANY[0], *MANY[2:]]
    for changed in (removed, altered, reordered):
        read, size = nodes(changed).__getitem__, len(changed)
        path = merkle.consistency(old, size, read)
        assert not merkle.consistent(old, size, (root, naive(changed)), path)


def test_the_empty_log_is_the_start_of_every_log():
    assert merkle.consistent(0, 5, (merkle.EMPTY, naive(MANY[:5])), [])
    assert not merkle.consistent(0, 5, (MANY[0], naive(MANY[:5])), [])
    assert not merkle.consistent(6, 5, (MANY[0], naive(MANY[:5])), [])
