"""Entries of a searchset are spliced from stored bytes, and are what one entry alone would be."""

import json

import pytest

from fhir_server.fhir.bundle import bundle, head, search_entries, search_entry, spliced

URL = "http://localhost/fhir/Patient"
HEAD = {"identity": "b", "updated": "2026-11-28T00:00:00Z"}


@pytest.mark.parametrize("id_", ["1", "vn-1.2", '1#a"b\\', "1#ế", "1#a\r\nb\u2028c"])
@pytest.mark.parametrize("mode", ["match", "include"])
def test_entries_are_those_made_one_by_one(id_, mode):
    body = b'{"resourceType":"Patient","multipleBirthInteger":1}'
    urls = [f"{URL}/{id_}", f"{URL}/2"]
    alone = [search_entry(url, body, mode) for url in urls]
    whole = spliced(head("searchset", **HEAD), search_entries(urls, [body, body], mode))
    assert whole == bundle("searchset", alone, **HEAD)


def test_bodies_are_byte_for_byte_and_in_order():
    bodies = [b'{"value":1.%d0}' % number for number in range(3)]
    urls = [f"{URL}/{number}" for number in range(3)]
    whole = spliced(head("searchset", **HEAD), search_entries(urls, bodies))
    assert all(body in whole for body in bodies)
    told = json.loads(whole)["entry"]
    assert [one["fullUrl"] for one in told] == urls
    assert {one["search"]["mode"] for one in told} == {"match"}


def test_nothing_found_is_no_entry():
    assert search_entries([], []) == []
    assert "entry" not in json.loads(spliced(head("searchset", **HEAD), []))
