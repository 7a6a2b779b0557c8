"""Which sensitivity labels a resource carries."""

import pytest

from fhir_server.access.labels import labels, table
from fhir_server.main import plugins, sensitivity
from fhir_server.settings import Settings

ICD = "http://hl7.org/fhir/sid/icd-10"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
VN = sensitivity(plugins(Settings()))


def condition(code, system=ICD, **elements):
    coding = {"system": system, "code": code}
    return {"resourceType": "Condition", "code": {"coding": [coding]}, **elements}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("B20", ["HIV"]),
        ("B24.1", ["HIV"]),
        ("Z21", ["HIV"]),
        ("b20", ["HIV"]),
        ("F32.1", ["PSY"]),
        ("F10.2", ["PSY", "SUD"]),
        ("A53†", ["SEX", "STD"]),
        ("O04.9", ["SEX"]),
        ("B19", []),
        ("B25", []),
        ("A65", []),
        ("J18.9", []),
        ("B2", []),
        ("", []),
    ],
)
def test_a_diagnosis_tells_its_labels(code, expected):
    assert labels(condition(code), VN) == expected


def test_a_code_of_another_system_tells_nothing():
    assert labels(condition("B20", "http://example.org/codes"), VN) == []


def test_a_code_labels_wherever_it_stands():
    reason = {"coding": [{"system": ICD, "code": "B20"}]}
    order = {"resourceType": "MedicationRequest", "reasonCode": [reason]}
    assert labels(order, VN) == ["HIV"]
    assert labels({"resourceType": "Observation", "contained": [condition("F20")]}, VN) == ["PSY"]
    document = {"resourceType": "Bundle", "entry": [{"resource": condition("F20")}]}
    assert labels(document, VN) == ["PSY"]


def test_every_code_of_a_sensitive_list_labels():
    system = "http://fhir.hl7.org.vn/core/CodeSystem/vn-arv-regimen-cs"
    assert labels(condition("any", system), VN) == ["HIV"]


def test_the_table_is_under_the_configured_address():
    here = sensitivity(plugins(Settings(identifier_base="http://example.org/here/")))
    system = "http://example.org/here/CodeSystem/vn-insurance-visit-type-cs"
    assert labels(condition("1.9", system), here) == ["HIV"]
    assert here.digest != VN.digest


def test_what_a_resource_says_of_itself_counts():
    security = [
        {"system": CONFIDENTIALITY, "code": "R"},
        {"system": ACT_CODE, "code": "PSY"},
        {"system": ACT_CODE, "code": "NOT-A-LABEL"},
        {"system": CONFIDENTIALITY, "code": "N"},
        {"system": CONFIDENTIALITY, "code": "HIV"},
        {"code": "V"},
    ]
    assert labels(condition("J18", meta={"security": security}), VN) == ["PSY", "R"]


def test_a_label_code_that_is_said_elsewhere_is_no_label():
    assert labels(condition("HIV", ACT_CODE), VN) == []


@pytest.mark.parametrize(
    ("label", "codes"),
    [("NONE", ["A00"]), ("HIV", ["B24-B20"]), ("HIV", ["B20-C20"]), ("HIV", ["Bx-By"])],
)
def test_a_row_that_says_nothing_is_refused(label, codes):
    with pytest.raises(ValueError, match=r"label|range"):
        table([{"label": label, "system": ICD, "codes": codes}])
