"""References: taken apart, made relative, found and rewritten."""

import pytest

from fhir_server.fhir.reference import (
    Reference,
    Renamed,
    parse,
    reference_texts,
    references,
    relative,
    rewrite,
    rewritten,
    target,
)

BASES = ("https://health.example.org/fhir", "http://127.0.0.1:8080/fhir")
URN = "urn:uuid:0a9f1e0c-8f0f-4a52-8f57-0d7a4cf6a001"
OTHER = "urn:uuid:0a9f1e0c-8f0f-4a52-8f57-0d7a4cf6a002"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", Reference("relative", "", "Patient", "1")),
        ("Patient/1/_history/2", Reference("relative", "", "Patient", "1", "2")),
        ("http://a.org/Patient/1", Reference("absolute", "http://a.org", "Patient", "1")),
        (
            "http://a.org/x/Patient/1/_history/2",
            Reference("absolute", "http://a.org/x", "Patient", "1", "2"),
        ),
        (URN, Reference("urn")),
        ("urn:oid:1.2.3", Reference("urn")),
        ("#p1", Reference("contained", id="p1")),
        ("http://a.org/ValueSet/x|1", Reference("other")),
        ("ftp://a.org/Patient/1", Reference("other")),
        ("Patient", Reference("other")),
        ("x/Patient/1", Reference("other")),
        ("Patient/a b", Reference("other")),
        ("", Reference("other")),
    ],
)
def test_a_reference_is_taken_apart(text, expected):
    assert parse(text) == expected


def test_our_own_base_is_taken_off():
    assert relative(f"{BASES[1]}/Patient/1/_history/2", BASES) == "Patient/1/_history/2"
    assert relative("http://elsewhere.org/Patient/1", BASES) == "http://elsewhere.org/Patient/1"
    assert relative("https://health.example.org/fhirs/Patient/1", BASES).startswith("https")


def test_a_target_has_no_version():
    assert target(f"{BASES[0]}/Patient/1/_history/2", BASES) == "Patient/1"
    assert target("http://elsewhere.org/a/Patient/1/_history/2", BASES) == (
        "http://elsewhere.org/a/Patient/1"
    )
    assert target(URN, BASES) == URN


def test_references_are_found_with_their_location():
    resource = {
        "resourceType": "Observation",
        "contained": [{"resourceType": "Patient", "managingOrganization": {"reference": "#o"}}],
        "subject": {"reference": "Patient/1", "identifier": {"value": URN}},
        "performer": [{"display": "x"}, {"reference": URN}],
        "valueString": URN,
    }
    assert list(references(resource)) == [
        ("Observation.contained[0].managingOrganization.reference", "#o"),
        ("Observation.subject.reference", "Patient/1"),
        ("Observation.performer[1].reference", URN),
    ]


def test_every_kind_of_reference_is_rewritten():
    resource = {
        "resourceType": "DocumentReference",
        "text": {
            "status": "generated",
            "div": f"<div xmlns='x'><a href=\"{URN}\">{URN}</a><img src='{URN}'/></div>",
        },
        "extension": [{"url": "http://x", "valueUri": URN}, {"url": "y", "valueUrl": URN}],
        "subject": {"reference": URN},
        "content": [{"attachment": {"url": URN}}],
        "description": f"see [it]({URN}) or <{URN}>, not {URN}",
    }
    new = rewrite(resource, {URN: "Patient/9"})
    assert new["subject"] == {"reference": "Patient/9"}
    assert new["extension"][0]["valueUri"] == new["extension"][1]["valueUrl"] == "Patient/9"
    assert new["content"] == [{"attachment": {"url": "Patient/9"}}]
    assert new["text"]["div"] == (
        f"<div xmlns='x'><a href=\"Patient/9\">{URN}</a><img src='Patient/9'/></div>"
    )
    assert new["description"] == f"see [it](Patient/9) or <Patient/9>, not {URN}"
    assert resource["subject"] == {"reference": URN}


def test_what_only_looks_like_a_reference_stays():
    resource = {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": URN}],
        "extension": [{"url": "http://x", "valueString": URN}],
        "link": [{"other": {"reference": OTHER, "display": URN}}],
    }
    assert rewrite(resource, {URN: "Patient/9"}) == resource


def test_a_full_url_is_replaced_whole_or_not_at_all():
    mapping = {"http://a.org/Patient/1": "Patient/9"}
    resource = {
        "resourceType": "Basic",
        "subject": {"reference": "http://a.org/Patient/1"},
        "author": {"reference": "http://a.org/Patient/12"},
    }
    assert rewrite(resource, mapping) == {
        "resourceType": "Basic",
        "subject": {"reference": "Patient/9"},
        "author": {"reference": "http://a.org/Patient/12"},
    }


def test_a_bundle_inside_keeps_what_points_at_its_own_entries():
    inner = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": URN, "resource": {"resourceType": "Patient"}},
            {"resource": {"resourceType": "Basic", "subject": {"reference": URN}}},
            {"resource": {"resourceType": "Basic", "subject": {"reference": OTHER}}},
        ],
    }
    new = rewrite(inner, {URN: "Patient/9", OTHER: "Patient/10"})
    assert new["entry"][0]["fullUrl"] == URN
    assert new["entry"][1]["resource"]["subject"] == {"reference": URN}
    assert new["entry"][2]["resource"]["subject"] == {"reference": "Patient/10"}
    assert [found for _, found in references(inner)] == [OTHER]


def test_what_stays_is_shared_though_its_texts_were_seen_elsewhere():
    renamed = Renamed({URN: "Patient/9"}.get)
    first, second = (
        {"code": [{"system": b"http://a.org/codes".decode()}], "subject": {"reference": URN}}
        for _ in range(2)
    )
    for resource in (first, second):
        new = rewritten(resource, renamed)
        assert new["code"] is resource["code"]
        assert new["subject"] == {"reference": "Patient/9"}


@pytest.mark.parametrize(
    ("resource", "texts"),
    [
        ({"resourceType": "Patient", "name": [{"text": '"reference":"Patient/1"'}]}, set()),
        ({"resourceType": "Basic", "code": {"text": "reference"}, "reference": 1}, set()),
        (
            {"subject": {"reference": 'a"b'}, "author": {"reference": "Patient/1"}},
            {'a"b', "Patient/1"},
        ),
        (
            {"subject": {"reference": "a\\"}, "author": {"reference": "Patient/1"}},
            {"a\\", "Patient/1"},
        ),
        (
            {"subject": {"reference": {"reference": "Bệnh"}}, "contained": [{"reference": ""}]},
            {"Bệnh", ""},
        ),
        (
            {
                "subject": {"reference": "Patient/1"},
                "resource": {
                    "resourceType": "Bundle",
                    "entry": [{"a": {"reference": "Patient/2"}}],
                },
            },
            {"Patient/1"},
        ),
        (
            {"note": [{"text": '"resourceType":"Bundle"'}], "entry": [{"reference": "Patient/1"}]},
            {"Patient/1"},
        ),
    ],
)
def test_what_is_referred_to_is_found_as_it_is_written(resource, texts):
    assert reference_texts(resource) == texts
