"""The Merkle tree of RFC 6962 over stored subtrees: root, inclusion and consistency, and checks.

https://www.rfc-editor.org/rfc/rfc9162#section-2.1. A node is a complete subtree: (level, place),
leaves at level 0. An append makes a handful of nodes and changes none.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence

Node = tuple[int, int]
# Gives the hash of a complete subtree.
Read = Callable[[Node], bytes]
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Give the hash of an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of two subtrees together."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def grown(size: int, leaf: bytes, read: Read) -> Iterator[tuple[Node, bytes]]:
    """Give the nodes a tree of `size` leaves gets with one leaf more, the leaf's own first."""
    place, level, made = size, 0, leaf
    yield (level, place), made
    while place % 2:
        made = node_hash(read((level, place - 1)), made)
        place, level = place // 2, level + 1
        yield (level, place), made


def root(size: int, read: Read) -> bytes:
    """Give the hash of the tree of the first `size` leaves."""
    return _range(0, size, read) if size else EMPTY


def inclusion(index: int, size: int, read: Read) -> list[bytes]:
    """Give the path from a leaf of the first `size` to their root: RFC 9162, 2.1.3.1."""
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        other = (middle, high) if index < middle else (low, middle)
        path.append(_range(*other, read))
        low, high = (low, middle) if index < middle else (middle, high)
    return path[::-1]


def consistency(first: int, second: int, read: Read) -> list[bytes]:
    """Give the proof that the first `first` leaves are those of a tree of `second`: 2.1.4.1."""
    path, low, high, whole = [], 0, second, True
    while first != high:
        middle = low + _split(high - low)
        other = (middle, high) if first <= middle else (low, middle)
        path.append(_range(*other, read))
        whole = whole and first <= middle
        low, high = (low, middle) if first <= middle else (middle, high)
    return ([] if whole else [_range(low, high, read)]) + path[::-1]


def included(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Give the root a path leads to from a leaf; None where it is no path of such a tree."""
    if not 0 <= index < size:
        return None
    place, last, made = index, size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            made = node_hash(one, made)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            made = node_hash(made, one)
        place, last = place // 2, last // 2
    return made if last == 0 else None


def consistent(first: int, second: int, roots: tuple[bytes, bytes], path: Sequence[bytes]) -> bool:
    """Say whether a path proves that the tree of the second root begins with that of the first."""
    if not 0 < first <= second:
        return first == 0 and not path and roots[0] == EMPTY
    if first == second:
        return not path and roots[0] == roots[1]
    # A complete first tree is the start of its own proof: RFC 9162, 2.1.4.2.
    steps = list(path) if first & (first - 1) else [roots[0], *path]
    if not path:
        return False
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place // 2, last // 2
    old = new = steps[0]
    for one in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            new = node_hash(new, one)
        place, last = place // 2, last // 2
    return last == 0 and (old, new) == roots


def _range(low: int, high: int, read: Read) -> bytes:
    """Give the hash of leaves `low` to before `high`, of which the first subtree is complete."""
    width = high - low
    if width & (width - 1) == 0:
        return read((width.bit_length() - 1, low // width))
    middle = low + _split(width)
    return node_hash(_range(low, middle, read), _range(middle, high, read))


def _split(width: int) -> int:
    """Give the largest power of two smaller than a width of two or more."""
    return 1 << ((width - 1).bit_length() - 1)
