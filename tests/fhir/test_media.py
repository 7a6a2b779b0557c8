"""What Accept and _format ask for. https://hl7.org/fhir/R4/http.html#mime-type"""

import pytest

from fhir_server.fhir import media

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
HAPI = (
    "application/fhir+xml;q=1.0, application/fhir+json;q=1.0, "
    "application/xml+fhir;q=0.9, application/json+fhir;q=0.9"
)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/fhir+json; charset=utf-8"),
        ("", "application/fhir+json; charset=utf-8"),
        ("*/*", "application/fhir+json; charset=utf-8"),
        ("application/*", "application/fhir+json; charset=utf-8"),
        ("text/html, *; q=.2, */*; q=.2", "application/fhir+json; charset=utf-8"),
        ("application/fhir+xml", "application/fhir+xml; charset=utf-8"),
        ("Application/FHIR+XML; Charset=UTF-8", "application/fhir+xml; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        ("text/xml", "text/xml; charset=utf-8"),
        ("text/*", "text/json; charset=utf-8"),
        ("application/xml+fhir", "application/xml+fhir; charset=utf-8"),
        (HAPI, "application/fhir+json; charset=utf-8"),
        (BROWSER, "application/xml; charset=utf-8"),
        (
            "application/fhir+json;q=0.5, application/fhir+xml",
            "application/fhir+xml; charset=utf-8",
        ),
        ("application/fhir+json;q=0, */*", "application/fhir+xml; charset=utf-8"),
        ("*/*;q=0.9, application/fhir+json;q=0.1", "application/fhir+xml; charset=utf-8"),
        (
            "application/fhir+json; fhirVersion=4.0",
            "application/fhir+json; fhirVersion=4.0; charset=utf-8",
        ),
        (
            "application/fhir+json;fhirVersion=5.0, application/fhir+xml;fhirVersion=4.0;q=0.1",
            "application/fhir+xml; fhirVersion=4.0; charset=utf-8",
        ),
    ],
)
def test_the_best_format_accept_allows_is_served(accept, content_type):
    found = media.wanted(None, accept)
    assert found
    assert found.content_type == content_type


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "image/*",
        "application/fhir+json;q=0",
        "*/*;q=0",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+json; charset=iso-8859-1",
        "application/fhir+turtle",
        "application/fhir+json;q=2",
        "application/fhir+json;q=nan",
        "nonsense",
        ",;,",
    ],
)
def test_nothing_is_served_where_accept_allows_no_format(accept):
    assert media.wanted(None, accept) is None


@pytest.mark.parametrize(
    ("wish", "format_"),
    [
        ("json", "json"),
        ("application/fhir+json", "json"),
        ("application/fhir json", "json"),
        ("application/json", "json"),
        ("text/json", "json"),
        ("xml", "xml"),
        ("application/fhir+xml", "xml"),
        ("application/xml", "xml"),
        ("text/xml", "xml"),
        ("XML", "xml"),
        ("application/fhir+xml;fhirVersion=4.0", "xml"),
    ],
)
def test_the_format_parameter_wins_over_accept_and_means_fhir(wish, format_):
    found = media.wanted(wish, "text/html")
    assert found
    assert (found.format, found.type) == (format_, media.STANDARD[format_])


@pytest.mark.parametrize(
    "wish", ["html", "text/html", "ttl", "application/fhir+xml;fhirVersion=1.0"]
)
def test_a_format_that_is_not_served_is_none_whatever_accept_says(wish):
    assert media.wanted(wish, "application/fhir+json") is None


@pytest.mark.parametrize(
    ("accept", "content_type", "native"),
    [
        (None, "application/pdf", True),
        ("*/*", "application/pdf", True),
        (BROWSER, "application/pdf", True),
        ("application/pdf", "application/pdf", True),
        ("image/png", "application/pdf", True),
        ("application/fhir+json", "application/pdf", False),
        ("application/fhir+xml, */*;q=0.1", "application/pdf", False),
        ("application/fhir+json, */*", "application/pdf", False),
        ("application/pdf, application/fhir+json;q=0.5", "application/pdf", True),
        ("application/fhir+json", "application/fhir+json", False),
        ("application/xml", "application/xml", True),
        ("application/xml", "application/pdf", False),
        ("application/json", "application/xml", False),
        ("text/*", "text/plain; charset=utf-8", True),
    ],
)
def test_a_binary_is_its_own_bytes_unless_fhir_is_asked_for(accept, content_type, native):
    assert media.native(None, accept, content_type) is native
    assert media.native("json", accept, content_type) is False
