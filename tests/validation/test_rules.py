"""Base rules that are not of one kind: ids, extensions, attachments, uris, depth of the walk."""

import pytest

from tests.validation.base import NARRATIVE, observation, patient, places, told

URL = "http://example.org/StructureDefinition/x"


def test_what_is_well_made_has_no_issue():
    whole = patient(
        id="a",
        extension=[{"url": URL, "extension": [{"url": "inner", "valueCode": "x"}]}],
        name=[
            {"id": "n", "family": "Nguyễn", "given": ["An", None], "_given": [None, {"id": "g"}]}
        ],
        birthDate="1999",
        _birthDate={"extension": [{"url": URL, "valueDate": "1999"}]},
    )
    whole["name"][0]["_given"][1]["extension"] = [{"url": URL, "valueString": "x"}]
    assert told(whole) == []
    assert told(whole, severity="warning") == []


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ({"maritalStatus": {"id": "a"}}, "Patient.maritalStatus"),
        ({"name": [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}]}, "Patient.name[1].id"),
        ({"_birthDate": {"id": "a"}}, "Patient.birthDate"),
        ({"extension": [{"url": "x", "valueCode": "x"}]}, "Patient.extension[0].url"),
        ({"extension": [{"url": URL}]}, "Patient.extension[0]"),
        (
            {"extension": [{"url": URL, "valueCode": "x", "extension": [{"url": "y"}]}]},
            "Patient.extension[0]",
        ),
        ({"_active": {"extension": [{"url": URL}]}}, "Patient.active.extension[0]"),
        ({"identifier": [{"system": "own", "value": "1"}]}, "Patient.identifier[0].system"),
        ({"identifier": [{"system": "urn:oid:x"}]}, "Patient.identifier[0].system"),
        ({"identifier": [{"system": "oid:1.2.3"}]}, "Patient.identifier[0].system"),
        ({"identifier": [{"system": "urn:uuid:99"}]}, "Patient.identifier[0].system"),
        ({"photo": [{"data": "YQ==", "contentType": "a/b", "size": 2}]}, "Patient.photo[0].size"),
        ({"photo": [{"data": "YQ=="}]}, "Patient.photo[0]"),
        ({"contact": [{"gender": "male"}]}, "Patient.contact[0]"),
        ({"telecom": [{"value": "1"}]}, "Patient.telecom[0]"),
        (
            {"name": [{"period": {"start": "2026-11-28", "end": "2026-11-27"}}]},
            "Patient.name[0].period",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_place(elements, place):
    assert place in places(patient(**elements))


def test_a_hash_that_is_not_that_of_the_data_is_warned_of():
    data = {"contentType": "text/plain", "data": "YQ==", "hash": "YQ=="}
    [(place, _, _)] = told(patient(photo=[data]), severity="warning")
    assert place == "Patient.photo[0].hash"


def test_a_canonical_that_is_relative_is_warned_of():
    measured = {
        "resourceType": "MeasureReport",
        "text": NARRATIVE,
        "status": "complete",
        "type": "summary",
        "measure": "Measure/1",
        "period": {"start": "2026"},
    }
    assert told(measured) == []
    assert [place for place, _, _ in told(measured, severity="warning")] == [
        "MeasureReport.measure"
    ]


def test_what_stands_in_other_resources_is_looked_at():
    broken = observation(valuePeriod={"start": "2026", "end": "2025"})
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "x", "resource": broken}]}
    assert places(parameters) == ["Parameters.parameter[0].resource.value"]
    holder = observation(contained=[{**broken, "id": "a"}], hasMember=[{"reference": "#a"}])
    assert places(holder) == ["Observation.contained[0].value"]


def test_looking_ends_after_enough_faults():
    many = patient(identifier=[{"system": "own"}] * 5_000)
    assert 100 <= len(told(many)) < 200


def test_warnings_do_not_hide_an_error():
    bare = {"resourceType": "Patient"}
    wrong = {"resourceType": "Patient", "identifier": [{"system": "own"}]}
    entries = [{"fullUrl": f"http://example.org/x/{at}", "resource": bare} for at in range(300)]
    entries.append({"fullUrl": "http://example.org/x/last", "resource": wrong})
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    assert places(bundle) == ["Bundle.entry[300].resource.identifier[0].system"]
