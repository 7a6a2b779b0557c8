"""The verdict: never a yes to what the checks have something to say of; a yes to what is usual."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.spec import load
from fhir_server.terminology.packed import packed
from fhir_server.validation.findings import Definitions, Visit
from fhir_server.validation.profiles.known import known_profiles
from fhir_server.validation.profiles.verdict import verdict
from fhir_server.validation.profiles.walk import Walk
from fhir_server.validation.questions import Questions
from fhir_server.validation.structure import structural_issues
from fhir_server.validation.validator import rule_issues
from tests.fuzz.mutants import mutant, originals
from tests.validation.profiles.conftest import CORE, PROFILE, definition

SPEC = load()
LOINC = "http://loinc.org"
# R4's own profiles examples are judged by beside those they claim.
PROFILES = {
    "ValueSet": ["shareablevalueset"],
    "CodeSystem": ["shareablecodesystem"],
    "Observation": ["heartrate", "bp", "vitalspanel", "cholesterol"],
    "DiagnosticReport": ["lipidprofile", "hlaresult"],
    "Composition": ["clinicaldocument", "catalog"],
    "ServiceRequest": ["servicerequest-genetics"],
    "Questionnaire": ["cqf-questionnaire"],
}
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
PULSE = {
    "resourceType": "Observation",
    "status": "final",
    "category": [{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}],
    "code": {"coding": [{"system": LOINC, "code": "8867-4"}]},
    "subject": {"reference": "Patient/a"},
    "effectiveDateTime": "2024-01-01",
    "valueQuantity": {
        "value": 60,
        "unit": "/min",
        "system": "http://unitsofmeasure.org",
        "code": "/min",
    },
}


def member(value_set, _system, code):
    codes = SPEC.codes(value_set)
    return True if codes is None else code in codes


def told(resource, url, *profiles):
    """Give whether the verdict on a resource is a yes, and what the checks say."""
    by_url = {one["url"]: json.parse(json.dump(one)) for one in profiles}
    definitions = Definitions(SPEC, member, by_url.get)
    known = known_profiles(SPEC)
    walk = Walk(Visit(definitions, Questions(), resource, resource), known.judge)
    check = known.profile(url, walk).check
    type_ = resource["resourceType"]
    well = verdict(SPEC.structures, check, type_)(resource, walk) if check else True
    return well and walk.is_plain(resource), check((type_, resource, None), walk) if check else None


def test_a_pulse_as_r4_wants_it_is_told_at_once():
    assert told(PULSE, f"{CORE}heartrate") == (True, None)


@pytest.mark.parametrize(
    "change",
    [
        {"category": None}, {"subject": None}, {"effectiveDateTime": None}, {"valueString": "60"},
        {"valueQuantity": None}, {"valueQuantity": {**PULSE["valueQuantity"], "code": "Hz"}},
        {"effectiveDateTime": "2024"}, {"code": {"coding": [{"system": LOINC, "code": "1-8"}]}},
        {"category": PULSE["category"] * 2}, {"subject": {"reference": "Device/a"}},
    ],
)  # fmt: skip
def test_a_pulse_with_a_fault_never_is(change):
    changed = {key: value for key, value in {**PULSE, **change}.items() if value is not None}
    if "valueString" in change:
        del changed["valueQuantity"]
    well, found = told(changed, f"{CORE}heartrate")
    assert found
    assert not well


def test_a_companion_of_a_primitive_is_left_to_the_checks():
    companion = {"extension": [{"url": "http://example.org/x", "valueString": "x"}]}
    well, found = told({**PULSE, "_effectiveDateTime": companion}, f"{CORE}heartrate")
    assert (well, found) == (False, None)


def test_a_pattern_of_another_type_than_the_value_is_no_error():
    pattern = {"path": "value[x]", "patternIdentifier": {"type": {"text": "x"}}}
    profile = definition("Observation", pattern, url=f"{PROFILE}-pattern")
    well, found = told(PULSE, profile["url"], profile)
    assert found
    assert not well


def test_what_a_profile_says_never_becomes_code():
    text = "x' or exit() or '{0.__class__}\"\\"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    profile = definition(
        "Patient",
        {
            "path": "",
            "constraint": [
                {
                    "key": "a",
                    "severity": "error",
                    "human": "a",
                    "expression": f"gender = '{escaped}' or id.contains('{escaped}')",
                }
            ],
        },
        {"path": "implicitRules", "fixedUri": text},
        url=f"{PROFILE}-code",
    )
    well, found = told(
        {"resourceType": "Patient", "id": "a", "gender": "male"}, *[profile["url"], profile]
    )
    assert found
    assert not well


def test_an_expression_deeper_than_python_reads_is_left_to_the_checks():
    rule = "id.exists()" + ".not()" * 90
    deep = f"{'(' * 40}id.exists() and {rule}{')' * 40}"
    constraint = {"key": "a", "severity": "error", "human": "a", "expression": deep}
    profile = definition("Patient", {"path": "", "constraint": [constraint]}, url=f"{PROFILE}-deep")
    well, found = told({"resourceType": "Patient", "id": "a"}, profile["url"], profile)
    assert not well or not found


def issues(resource, profiles, monkeypatch, *, quickly):
    """Give what is said of a resource and asked of the store, by verdicts first or by checks."""
    questions = Questions()
    with monkeypatch.context() as patched:
        if not quickly:
            patched.setattr(Visit, "is_plain", lambda _self: False)
        definitions = Definitions(SPEC, packed(SPEC.canonicals).member)
        return rule_issues(definitions, resource, profiles, questions), questions.open


def agree(type_, body, monkeypatch):
    """Say whether a body is a resource built well; what is said of one is always the same."""
    try:
        resource = json.parse_object(body)
    except Invalid:
        return False
    if resource.get("resourceType") != type_ or structural_issues(SPEC, resource):
        return False
    profiles = [CORE + name for name in PROFILES.get(type_, ())]
    quick = issues(resource, profiles, monkeypatch, quickly=True)
    assert quick == issues(resource, profiles, monkeypatch, quickly=False), body
    return True


def test_examples_are_told_the_same_by_verdicts_and_by_checks(monkeypatch):
    judged = [
        agree(one["resourceType"], json.dump(one), monkeypatch)
        for one in [*originals(), PULSE]
        if one["resourceType"] in SPEC.types
    ]
    assert sum(judged) > 100


def test_mutants_are_told_the_same_by_verdicts_and_by_checks(monkeypatch):
    assert sum(agree(*mutant("verdict", number), monkeypatch) for number in range(400)) > 40


@pytest.mark.long
def test_many_mutants_are_told_the_same_by_verdicts_and_by_checks(monkeypatch):
    assert sum(agree(*mutant("long", number), monkeypatch) for number in range(30_000)) > 3_000
