"""Limits of a question hold for each answer; those that say nothing of it are passed over."""

import pytest
from msgspec import Raw

from tests.validation.questionnaire.asking import answered, found, item, limited

KM = {"system": "http://unitsofmeasure.org", "code": "km"}
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
MAX_KM = {"url": f"{SDC}maxQuantity", "valueQuantity": {"value": 5, **KM}}
MIN_KM = {"url": f"{SDC}minQuantity", "valueQuantity": {"value": 5, **KM}}
METRES = {**KM, "code": "m"}
PDF = limited("mimeType", "Code", "application/pdf")
PATIENT = limited("questionnaire-referenceResource", "Code", "Patient")
IN_SET = limited("questionnaire-unitValueSet", "Canonical", "http://example.org/vs")
IN = {"system": "http://example.org/cs", "code": "in"}
BOTH = [
    ("integer", limited("minValue", "Integer", 2), ("Integer", 2), ("Integer", 1)),
    ("integer", limited("maxValue", "Integer", 2), ("Integer", 2), ("Integer", 3)),
    ("date", limited("minValue", "Date", "2020"), ("Date", "2020-01-01"), ("Date", "2019")),
    ("date", limited("maxValue", "Date", "2020-06"), ("Date", "2020-06-30"), ("Date", "2020-07")),
    ("string", limited("minLength", "Integer", 2), ("String", "ab"), ("String", "a")),
    ("decimal", limited("maxDecimalPlaces", "Integer", 2),
     ("Decimal", Raw(b"1.23")), ("Decimal", Raw(b"1.230"))),
    ("attachment", limited("maxSize", "Decimal", 5), ("Attachment", {"size": 5}),
     ("Attachment", {"size": 6})),
    ("attachment", PDF, ("Attachment", {"contentType": "application/pdf"}),
     ("Attachment", {"contentType": "image/gif"})),
    ("reference", PATIENT, ("Reference", {"reference": "Patient/a"}),
     ("Reference", {"reference": "Organization/a"})),
    ("quantity", limited("questionnaire-unitOption", "Coding", KM),
     ("Quantity", {"value": 1, **KM}), ("Quantity", {"value": 1, **METRES})),
    ("quantity", IN_SET, ("Quantity", {"value": 1, **IN}),
     ("Quantity", {"value": 1, **IN, "code": "out"})),
    ("quantity", MAX_KM, ("Quantity", {"value": 5000, **METRES}),
     ("Quantity", {"value": 5001, **METRES})),
    ("quantity", MIN_KM, ("Quantity", {"value": 5000, **METRES}),
     ("Quantity", {"value": 4999, **METRES})),
    ("quantity", MAX_KM, ("Quantity", {"value": 1, **KM}),
     ("Quantity", {"value": 1, **KM, "code": "kg"})),
    ("quantity", MAX_KM, ("Quantity", {"value": 1, **KM}), ("Quantity", {"value": 1})),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "limit", "good", "bad"), BOTH)
def test_a_limit_divides_the_good_answers_from_the_bad(spec, type_, limit, good, bad):
    asked = [item(type_, extension=[limit])]
    assert found(spec, asked, [answered(good)]) is None
    [(place, severity, _, told)] = found(spec, asked, [answered(bad)])
    assert (place, severity) == (".item[0].answer[0].value", "error")
    assert told


def test_an_answer_is_no_longer_than_the_maximum(spec):
    asked = [item("string", maxLength=2)]
    assert found(spec, asked, [answered(("String", "ab"))]) is None
    [(_, _, code, _)] = found(spec, asked, [answered(("String", "abc"))])
    assert code == "too-long"


@pytest.mark.parametrize(
    "url", ["minValue", "minLength", "maxDecimalPlaces", "maxSize", "mimeType"]
)
@pytest.mark.parametrize("given", [("String", "x"), ("Integer", 5), ("Coding", {"code": "x"})])
@pytest.mark.parametrize("type_", ["string", "integer", "attachment", "quantity"])
def test_a_limit_of_another_kind_says_nothing(spec, url, given, type_):
    values = {"string": "a", "integer": 7, "attachment": {"size": 1}, "quantity": {"value": 1}}
    name = {"string": "String", "integer": "Integer"}.get(type_, type_.capitalize())
    found(spec, [item(type_, extension=[limited(url, *given)])], [answered((name, values[type_]))])
