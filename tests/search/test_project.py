"""What `_summary` and `_elements` leave of a resource."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.search.project import (
    SUBSETTED,
    Subset,
    cut,
    elements_of,
    in_bundle,
    refuse_subset,
)
from fhir_server.spec.spec import load

SPEC = load()
STRUCTURES = SPEC.structures
SUMMARY = Subset("true")
OBSERVATION = json.parse(b"""{
  "resourceType": "Observation", "id": "o", "meta": {"versionId": "1"}, "language": "vi",
  "text": {"status": "generated", "div": "<div>x</div>"},
  "contained": [{"resourceType": "Patient", "id": "p"}],
  "modifierExtension": [{"url": "http://example.org/m", "valueDecimal": 1.00}],
  "status": "final", "_status": {"id": "s"},
  "code": {"text": "weight", "extension": [{"url": "http://example.org/e", "valueString": "x"}]},
  "subject": {"reference": "#p"},
  "valueQuantity": {"value": 70.10, "unit": "kg"},
  "note": [{"text": "a note"}],
  "component": [{"code": {"text": "part"}, "valueInteger": 3, "referenceRange": [{"text": "r"}]}]
}""")


def names(resource):
    return set(resource) - {"resourceType", "id", "meta"}


def part(resource, **asked):
    return cut(STRUCTURES, resource, Subset(**asked))


def test_true_leaves_the_summary_elements():
    told = cut(STRUCTURES, OBSERVATION, SUMMARY)
    assert names(told) == {
        "modifierExtension", "status", "_status", "code", "subject", "valueQuantity", "component",
    }  # fmt: skip


def test_true_reaches_into_elements_and_data_types():
    told = cut(STRUCTURES, OBSERVATION, SUMMARY)
    assert told["code"] == {"text": "weight"}
    assert told["component"] == [{"code": {"text": "part"}, "valueInteger": 3}]
    media = {
        "resourceType": "Media",
        "status": "completed",
        "content": {"contentType": "image/png", "data": "AAAA", "title": "x"},
    }
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"contentType": "image/png", "data": "AAAA"}}],
    }
    assert "data" not in cut(STRUCTURES, media, SUMMARY)["content"]
    assert cut(STRUCTURES, document, SUMMARY)["content"] == [
        {"attachment": {"contentType": "image/png"}}
    ]


def test_a_mandatory_element_outside_the_summary_is_kept():
    appointment = {
        "resourceType": "Appointment",
        "status": "booked",
        "comment": "x",
        "participant": [{"status": "accepted", "period": {"start": "2026"}}],
    }
    told = cut(STRUCTURES, appointment, SUMMARY)
    assert names(told) == {"status", "participant"}
    assert told["participant"] == [{"status": "accepted"}]


def test_a_mandatory_element_with_nothing_in_the_summary_is_kept_whole():
    extended = {"extension": [{"url": "http://example.org/e", "valueCode": "unknown"}]}
    observation = {"resourceType": "Observation", "status": "final", "code": extended}
    assert cut(STRUCTURES, observation, SUMMARY)["code"] == extended


def test_text_leaves_the_narrative_and_what_is_mandatory():
    assert names(part(OBSERVATION, summary="text")) == {
        "text", "modifierExtension", "status", "_status", "code",
    }  # fmt: skip


def test_data_leaves_all_but_the_narrative():
    assert names(part(OBSERVATION, summary="data")) == names(OBSERVATION) - {"text"}


def test_elements_leave_what_is_named_with_mandatory_and_modifier_elements():
    told = part(OBSERVATION, elements={"": frozenset({"note", "value"})})
    assert names(told) == {
        "note", "valueQuantity", "modifierExtension", "status", "_status", "code",
    }  # fmt: skip
    patient = {"resourceType": "Patient", "active": True, "gender": "male", "birthDate": "2000"}
    told = part(patient, elements={"Patient": frozenset({"birthDate"})})
    assert names(told) == {"active", "birthDate"}


def test_elements_of_one_type_leave_other_types_whole():
    wish = Subset(elements={"Patient": frozenset({"name"})})
    assert cut(STRUCTURES, OBSERVATION, wish) == OBSERVATION


@pytest.mark.parametrize("asked", [{"summary": "true"}, {"summary": "text"}, {"summary": "data"}])
def test_a_part_is_tagged_once_and_keeps_its_type_id_and_meta(asked):
    once = part(OBSERVATION, **asked)
    assert once["meta"] == {"versionId": "1", "tag": [SUBSETTED]}
    assert (once["resourceType"], once["id"]) == ("Observation", "o")
    assert part(once, **asked) == once
    assert "tag" not in OBSERVATION["meta"]


def test_number_literals_keep_their_digits():
    told = cut(STRUCTURES, OBSERVATION, SUMMARY)
    assert b'"value":70.10' in json.dump(told)
    assert b'"valueDecimal":1.00' in json.dump(told)


def test_an_outcome_is_never_cut():
    outcome = {"resourceType": "OperationOutcome", "text": {"div": "x"}, "issue": []}
    for summary in ("true", "text", "data"):
        assert part(outcome, summary=summary) is outcome


def test_what_is_cut_is_still_well_made_for_every_mandatory_element():
    for type_ in SPEC.types:
        mandatory = {one.name for one in STRUCTURES.elements(type_) if one.min > 0}
        whole = {"resourceType": type_} | {
            key.key: True for key in STRUCTURES.keys(type_).values() if key.key != "meta"
        }
        for asked in ({"summary": "text"}, {"summary": "true"}, {"elements": {"": {"id"}}}):
            left = {
                STRUCTURES.keys(type_)[name].element.name
                for name in part(whole, **asked)
                if name != "resourceType"
            }
            assert type_ == "OperationOutcome" or mandatory <= left, type_


def test_a_bundle_is_cut_entry_by_entry():
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [
            {"resource": OBSERVATION, "search": {"mode": "match"}},
            {"resource": OBSERVATION, "search": {"mode": "include"}},
            {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}},
            {"response": {"status": "204"}},
        ],
    }
    by_summary = in_bundle(STRUCTURES, bundle, SUMMARY)["entry"]
    assert ["note" in one.get("resource", {}) for one in by_summary] == [False] * 4
    by_element = in_bundle(STRUCTURES, bundle, Subset(elements={"": frozenset({"id"})}))["entry"]
    assert ["note" in one.get("resource", {}) for one in by_element] == [False, True, False, False]
    document = {**bundle, "type": "document"}
    assert in_bundle(STRUCTURES, document, SUMMARY) is document


def test_the_resources_of_a_stored_bundle_are_cut_with_it():
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": OBSERVATION}]}
    told = cut(STRUCTURES, bundle, SUMMARY)
    assert "note" not in told["entry"][0]["resource"]
    assert told["meta"]["tag"] == [SUBSETTED]


def test_elements_are_read_by_type_or_for_all():
    wish = elements_of(STRUCTURES, ["Patient", "Observation"], "name, Observation.value[x],id")
    assert wish.elements == {"": {"name", "id"}, "Observation": {"value"}}


@pytest.mark.parametrize("wrong", ["", "nonsense", "name.family", "Patient.name.family", "name,"])
def test_what_is_no_root_element_is_refused_by_name(wrong):
    with pytest.raises(Invalid, match="root element"):
        elements_of(STRUCTURES, ["Patient"], wrong)


def test_a_part_is_not_stored():
    refuse_subset(OBSERVATION)
    with pytest.raises(Unprocessable, match="SUBSETTED") as refused:
        refuse_subset(cut(STRUCTURES, OBSERVATION, SUMMARY))
    assert refused.value.issues[0].expression == "Observation.meta.tag"
