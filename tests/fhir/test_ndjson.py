"""A Bundle as lines: the very bytes of its resources, and its links apart."""

from fhir_server.fhir import bundle, ndjson


def test_each_resource_is_a_line_as_it_stands_in_the_bundle():
    bodies = [
        b'{"resourceType":"Basic","value":1.00}',
        b'{"resourceType":"Patient","id":"\xe1\xba\xbf"}',
    ]
    entries = [bundle.search_entry("http://test.invalid/a", body) for body in bodies]
    links = [("self", "http://test.invalid/Basic"), ("next", "http://test.invalid/Basic?_page=1")]
    made = bundle.bundle("searchset", entries, identity="1", updated="2026", links=links)
    assert ndjson.of_bundle(made) == (b"".join(body + b"\n" for body in bodies), links)


def test_an_entry_without_a_resource_is_no_line():
    gone = bundle.history_entry("http://test.invalid/a", None, {"method": "DELETE"}, {})
    made = bundle.bundle("history", [gone], identity="1", updated="2026")
    assert ndjson.of_bundle(made) == (b"", [])
