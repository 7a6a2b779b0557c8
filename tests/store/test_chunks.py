"""Bodies over MongoDB's document limit."""

import pytest

from fhir_server.search.condition import Everything
from fhir_server.store import chunks
from fhir_server.store.documents import Change

ALL = Everything()


def binary(data, method="create"):
    return Change("Binary", "b1", method, {"resourceType": "Binary", "data": data}, {}, "1")


async def test_a_body_of_20_mb_is_read_back_to_the_byte_from_everywhere(store):
    [first] = await store.commit(ALL, [binary("0123456789" * 2_000_000)])
    assert len(first.body) > 20_000_000
    assert await store.read(ALL, "Binary", "b1") == first
    assert (await store.search(ALL, "Binary", ALL)).found == (first,)
    [bare] = (await store.search(ALL, "Binary", ALL, bare=True)).found
    assert bare.body == first.body
    [second] = await store.commit(ALL, [binary("abcdefghij" * 2_000_000, "update")])
    assert await store.vread(ALL, "Binary", "b1", 1) == first
    assert await store.vread(ALL, "Binary", "b1", 2) == second
    assert await store.history(ALL, "Binary", "b1") == [second, first]


@pytest.mark.parametrize(("size", "pieces"), [(0, 0), (8, 0), (9, 2), (16, 2), (17, 3)])
def test_only_what_is_too_long_is_split(monkeypatch, size, pieces):
    monkeypatch.setattr(chunks, "SIZE", 8)
    body = bytes(range(size))
    content, rows = chunks.split("Binary", "b1", 1, body)
    assert len(rows) == pieces
    assert b"".join(row["body"] for row in rows) == (body if pieces else b"")
    assert content == ({"chunks": pieces} if pieces else {"body": body})


def test_a_page_ends_with_the_body_that_fills_it():
    rows = [{"body": b"12345"}, {"deleted": True}, {"chunks": 1}, {"body": b"1"}]
    assert chunks.filling(rows, None) == rows
    assert chunks.filling(rows, 5) == rows[:1]
    assert chunks.filling(rows, 6) == rows[:3]
