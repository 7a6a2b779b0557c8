"""Bindings: required, extensible, outermost; what nobody can tell is only a warning."""

import pytest

from tests.validation.base import NARRATIVE, observation, patient, places, told

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def condition(*codings, **more):
    return {
        "resourceType": "Condition",
        "text": NARRATIVE,
        "clinicalStatus": {"coding": [*codings], **more} if codings or more else {},
        "subject": {"reference": "Patient/1"},
    }


def test_one_coding_of_a_required_value_set_is_enough():
    here = {"system": CLINICAL, "code": "active"}
    assert told(condition(here)) == []
    assert told(condition({"system": "http://example.org", "code": "x"}, here)) == []


@pytest.mark.parametrize(
    "codings",
    [
        [{"system": CLINICAL, "code": "lively"}],
        [{"system": "http://example.org", "code": "active"}],
        [{"display": "active"}],
    ],
)
def test_a_code_outside_of_a_required_value_set_is_refused(codings):
    assert places(condition(*codings)) == ["Condition.clinicalStatus"]


def test_text_alone_is_no_code():
    told_ = condition()
    told_["clinicalStatus"] = {"text": "active"}
    assert places(told_) == ["Condition.clinicalStatus"]


def test_a_code_outside_of_an_extensible_value_set_is_warned_of():
    other = {"coding": [{"system": "http://example.org", "code": "x"}]}
    marked = patient(maritalStatus=other)
    assert told(marked) == []
    [(place, code, _)] = told(marked, severity="warning")
    assert (place, code) == ("Patient.maritalStatus", "code-invalid")
    assert told(patient(maritalStatus={"text": "x"}), severity="warning") == []


@pytest.mark.parametrize(
    ("language", "good"),
    [
        ("vi", True),
        ("vi-VN", True),
        ("zh-Hant-TW", True),
        ("x-own", True),
        ("vietnamese-language", False),
        ("v", False),
        ("vi_VN", False),
    ],
)
def test_a_language_is_one_of_bcp_47(language, good):
    assert (told(patient(language=language)) == []) is good


def money(currency):
    total = {"value": 1, "currency": currency}
    return {
        "resourceType": "Invoice",
        "text": NARRATIVE,
        "status": "issued",
        "totalNet": total,
    }


def test_a_currency_is_one_of_iso_4217():
    assert told(money("VND")) == []
    assert places(money("VNĐ")) == ["Invoice.totalNet.currency"]


def test_a_media_type_is_written_as_one():
    good = {"contentType": "text/plain; charset=utf-8", "data": "YQ=="}
    assert told(patient(photo=[good])) == []
    assert places(patient(photo=[{**good, "contentType": "picture"}])) == [
        "Patient.photo[0].contentType"
    ]


def test_what_is_not_here_is_asked_and_warned_of_without_an_answer():
    variant = {"coding": [{"system": "http://loinc.org", "code": "LA9658-1"}]}
    value_set = "http://loinc.org/vs/LL379-9"
    sequence = {
        "resourceType": "MolecularSequence",
        "text": NARRATIVE,
        "coordinateSystem": 0,
        "structureVariant": [{"variantType": variant}],
    }
    place = "MolecularSequence.structureVariant[0].variantType"
    assert told(sequence) == []
    assert (place, "not-found") in [one[:2] for one in told(sequence, severity="warning")]
    asked = ("member", value_set, "http://loinc.org", "LA9658-1")
    assert told(sequence, answers={asked: True}, severity="warning") == []
    assert places(sequence, answers={asked: False}) == [place]


def test_a_quantity_is_judged_by_its_unit():
    quantity = {"value": 1, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    assert told(observation(valueQuantity=quantity)) == []
