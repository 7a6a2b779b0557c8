"""A searchset has each link once, matches that have an id, outcomes that are outcomes."""

import pytest

from fhir_server.validation.searchset import searchset_findings

LINK = {"relation": "self", "url": "http://example.org/Patient"}


def entry(mode, type_, **more):
    return {"search": {"mode": mode}, "resource": {"resourceType": type_, **more}}


GOOD = {
    "type": "searchset",
    "link": [LINK, {**LINK, "relation": "next"}],
    "entry": [
        entry("match", "Patient", id="a"),
        entry("include", "Organization"),
        entry("outcome", "OperationOutcome"),
        {"resource": {"resourceType": "Patient"}},
        {"search": {"mode": "match"}},
    ],
}


def test_a_good_searchset_is_well_made():
    assert searchset_findings(GOOD, None) is None


@pytest.mark.parametrize(
    ("name", "more", "place", "code"),
    [
        ("link", LINK, ".link[2].relation", "duplicate"),
        ("entry", entry("match", "Patient"), ".entry[5].resource", "required"),
        ("entry", entry("outcome", "Patient", id="a"), ".entry[5].resource", "structure"),
    ],
)
def test_what_is_wrong_is_found(name, more, place, code):
    bundle = {**GOOD, name: [*GOOD[name], more]}
    [(where, severity, kind, told)] = searchset_findings(bundle, None)
    assert (where, severity, kind) == (place, "error", code)
    assert told
    assert searchset_findings({**bundle, "type": "collection"}, None) is None
