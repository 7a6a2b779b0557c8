"""Bundles: fullUrls, and documents that hold what they speak of."""

from tests.validation.base import NARRATIVE, observation, patient, places, told

A, B, C = (f"urn:uuid:5d0d1f0e-2f6b-4c43-9a53-6a1f6ac0a1b{last}" for last in "abc")


def bundle(kind, *entries, **more):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries), **more}


def entry(url, resource):
    return {"fullUrl": url, "resource": resource}


def test_an_entry_has_a_url_but_where_it_is_new():
    bare = {"resource": patient()}
    assert places(bundle("collection", bare)) == ["Bundle.entry[0]"]
    asked = {**bare, "request": {"method": "POST", "url": "Patient"}}
    assert told(bundle("transaction", asked)) == []


def test_the_url_of_an_entry_is_that_of_its_resource():
    base = "http://example.org/fhir"
    assert told(bundle("collection", entry(f"{base}/Patient/p", patient(id="p")))) == []
    for resource in (patient(id="q"), patient(), observation(id="p")):
        found = places(bundle("collection", entry(f"{base}/Patient/p", resource)))
        assert found == ["Bundle.entry[0].fullUrl"]
    assert places(bundle("collection", entry("Patient/p", patient(id="p")))) == [
        "Bundle.entry[0].fullUrl"
    ]


def document(*entries, **composition):
    first = {
        "resourceType": "Composition",
        "text": NARRATIVE,
        "status": "final",
        "type": {"text": "x"},
        "date": "2026-11-28",
        "title": "x",
        "author": [{"display": "x"}],
        **composition,
    }
    return bundle(
        "document",
        entry(A, first),
        *entries,
        identifier={"system": "http://example.org", "value": "1"},
        timestamp="2026-11-28T08:00:00+07:00",
    )


def test_a_document_holds_what_its_composition_refers_to():
    whole = document(entry(B, patient()), subject={"reference": B})
    assert told(whole) == []
    lacking = document(subject={"reference": B})
    assert places(lacking) == ["Bundle.entry[0].resource.subject.reference"]


def test_a_relative_reference_is_read_beside_the_url_of_its_entry():
    base = "http://example.org/fhir"
    there = entry(f"{base}/Patient/p", patient(id="p"))
    whole = document(there, subject={"reference": "Patient/p"}, id="c")
    whole["entry"][0]["fullUrl"] = f"{base}/Composition/c"
    assert told(whole) == []
    whole["entry"][0]["fullUrl"] = A
    assert "Bundle.entry[0].resource.subject.reference" in places(whole)


def test_nothing_stands_in_a_document_that_nothing_leads_to():
    assert places(document(entry(B, patient()))) == ["Bundle.entry[1]"]
    back = observation(subject={"reference": B}, focus=[{"reference": A}])
    assert told(document(entry(C, back), entry(B, patient()))) == []


def test_the_invariants_of_bundles_hold():
    twice = bundle("collection", entry(A, patient()), entry(A, patient()))
    assert [one for _, _, one in told(twice) if one.startswith("bdl-7")]
    undated = document()
    del undated["timestamp"]
    assert [one for _, _, one in told(undated) if one.startswith("bdl-10")]


def test_an_entry_of_another_type_is_found_behind_its_urn():
    organization = {"resourceType": "Organization", "name": "x", "text": NARRATIVE}
    told_ = bundle(
        "collection", entry(A, observation(subject={"reference": B})), entry(B, organization)
    )
    assert places(told_) == ["Bundle.entry[0].resource.subject"]
