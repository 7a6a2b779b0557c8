"""Entries of a Bundle are found by whole fullUrls and by their ends, the first one first."""

import pytest

from fhir_server.validation.entries import entries_of

URN = "urn:uuid:31bf674a-e5e7-5a95-9bf8-4b4a0e27e0ea"
BUNDLE = {
    "resourceType": "Bundle",
    "entry": [
        {"fullUrl": "http://a.example/fhir/Patient/1", "resource": {"id": "first"}},
        {"fullUrl": "http://b.example/fhir/Patient/1", "resource": {"id": "second"}},
        {"fullUrl": URN, "resource": {"id": "urn"}},
        {"fullUrl": "http://a.example/fhir/Patient/2"},
        {"resource": {"id": "nameless"}},
    ],
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://a.example/fhir/Patient/1", "first"),
        ("http://b.example/fhir/Patient/1", "second"),
        ("Patient/1", "first"),
        ("1", "first"),
        (URN, "urn"),
        ("tient/1", None),
        ("Group/1", None),
        ("http://a.example/fhir/Patient/2", None),
        ("", "nameless"),
    ],
)
def test_an_entry_is_found_by_its_url_or_how_that_ends(text, found):
    resource = entries_of(BUNDLE).find(text)
    assert (resource and resource["id"]) == found
