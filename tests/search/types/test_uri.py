"""Uri parameters: letter by letter, and by path."""

import pytest

from fhir_server.fhir.errors import Invalid

URL = "http://example.org/fhir/ValueSet/123"


def value_set(url):
    return {"resourceType": "ValueSet", "url": url}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("url", URL, True),
        ("url", f"x,{URL}", True),
        ("url", URL.upper(), False),
        ("url", "http://example.org/fhir/ValueSet", False),
        ("url:below", URL, True),
        ("url:below", "http://example.org/fhir", True),
        ("url:below", "http://example.org/fhir/", True),
        ("url:below", "http://example.org/fh", False),
        ("url:below", f"{URL}/4", False),
        ("url:above", f"{URL}/_history/5", True),
        ("url:above", URL, True),
        ("url:above", f"{URL}4", False),
        ("url:above", "http://example.org/fhir", False),
        ("url:missing", "false", True),
    ],
)
def test_a_url_is_found_by_its_letters_and_its_path(search, name, value, expected):
    assert search.found(value_set(URL), (name, value)) is expected


def test_a_path_may_end_with_a_slash(search):
    resource = value_set("http://example.org/fhir/")
    assert search.found(resource, ("url:above", "http://example.org/fhir/ValueSet/1"))
    assert search.found(resource, ("url:below", "http://example.org/fhir"))


@pytest.mark.parametrize("modifier", [":below", ":above", ""])
def test_a_urn_is_only_itself(search, modifier):
    resource = value_set("urn:oid:1.2.3")
    assert search.found(resource, (f"url{modifier}", "urn:oid:1.2.3"))
    assert not search.found(resource, (f"url{modifier}", "urn:oid:1.2"))
    assert not search.found(resource, (f"url{modifier}", "urn:oid:1.2.3.4"))


@pytest.mark.parametrize("value", ["http://example.org/p", r"http://example.org/p\|1.0"])
def test_a_canonical_is_found_with_and_without_its_version(search, value):
    resource = {"resourceType": "Patient", "meta": {"profile": ["http://example.org/p|1.0"]}}
    assert search.found(resource, ("_profile", value))
    assert not search.found(resource, ("_profile", r"http://example.org/p\|2.0"))


def test_where_it_came_from_is_a_uri(search):
    resource = {"resourceType": "Patient", "meta": {"source": "http://example.org/a/b#c"}}
    assert search.found(resource, ("_source", "http://example.org/a/b#c"))
    assert search.found(resource, ("_source:below", "http://example.org/a"))


def test_a_path_of_countless_steps_is_refused(search):
    with pytest.raises(Invalid, match="at most 100 steps"):
        search.ask("ValueSet", ("url:above", "http://example.org" + "/a" * 200))
