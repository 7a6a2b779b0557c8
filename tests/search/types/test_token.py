"""Token parameters: systems, codes, and everything that is searched as one."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Coded, Not

LOINC = "http://loinc.org"
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {
        "coding": [{"system": LOINC, "code": "8480-6"}, {"code": "local"}, {"display": "none"}]
    },
    "identifier": [{"system": "http://example.org/sid", "value": "A|1"}],
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("8480-6", True),
        (f"{LOINC}|8480-6", True),
        (f"{LOINC}|", True),
        ("|8480-6", False),
        ("|local", True),
        ("local", True),
        (f"{LOINC}|local", False),
        ("http://loinc|", False),
        ("http://snomed.info/sct|8480-6", False),
        (f"x,{LOINC}|8480-6", True),
        ("8480", False),
        ("LOCAL", False),
        ("*|local", False),
    ],
)
def test_a_concept_is_found_by_code_and_system(search, value, expected):
    assert search.found(OBSERVATION, ("code", value)) is expected


def test_not_is_the_opposite_and_holds_for_what_is_missing(search):
    assert not search.found(OBSERVATION, ("code:not", "x,8480-6"))
    assert search.found(OBSERVATION, ("code:not", "x"))
    assert search.found({"resourceType": "Observation"}, ("code:not", "8480-6"))


def test_an_identifier_may_hold_a_bar(search):
    assert search.found(OBSERVATION, ("identifier", r"http://example.org/sid|A\|1"))
    assert search.found(OBSERVATION, ("identifier", r"A\|1"))
    assert not search.found(OBSERVATION, ("identifier", "A|1"))


@pytest.mark.parametrize(
    ("resource", "parameter"),
    [
        ({"active": True}, ("active", "true")),
        ({"gender": "female"}, ("gender", "female")),
        ({"gender": "female"}, ("gender", "|female")),
        ({"telecom": [{"system": "phone", "value": "0990000001"}]}, ("phone", "0990000001")),
        ({"telecom": [{"system": "email", "value": "a@b.vn"}]}, ("email", "a@b.vn")),
        ({"deceasedDateTime": "2020"}, ("deceased", "true")),
        ({"meta": {"tag": [{"system": "http://t", "code": "x"}]}}, ("_tag", "http://t|x")),
        ({"communication": [{"language": {"coding": [{"code": "vi"}]}}]}, ("language", "vi")),
    ],
)
def test_many_types_are_tokens(search, resource, parameter):
    patient = {"resourceType": "Patient", **resource}
    assert search.found(patient, parameter)
    assert not search.found(patient, (parameter[0], "other"))


def test_a_system_with_a_bar_is_not_another_system(search):
    resource = {"resourceType": "Patient", "identifier": [{"system": "http://a|b", "value": "1"}]}
    assert search.found(resource, ("identifier", r"http://a\|b|1"))
    assert not search.found(resource, ("identifier", "http://a|"))


def test_missing_asks_whether_there_is_a_code(search):
    assert search.found(OBSERVATION, ("code:missing", "false"), ("method:missing", "true"))
    with pytest.raises(Invalid):
        search.ask("Observation", ("code:missing", "perhaps"))


@pytest.mark.parametrize(
    ("type_", "name", "supported"),
    [
        ("Observation", "code:of-type", ":not, :text, :in, :not-in, :above, :below, :missing"),
        ("Observation", "identifier:in", ":not, :text, :of-type, :missing"),
        ("Observation", "status:text", ":not, :in, :not-in, :above, :below, :missing"),
        ("Patient", "active:below", ":not, :missing"),
        ("Patient", "phone:contains", ":not, :missing"),
    ],
)
def test_a_modifier_needs_a_type_it_makes_sense_of(search, type_, name, supported):
    with pytest.raises(Invalid, match=f"not supported here; supported: {supported}"):
        search.ask(type_, (name, "x"))


GENDER = "http://hl7.org/fhir/administrative-gender"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{GENDER}|male", True),
        (f"{GENDER}|", True),
        (f"{GENDER}|female", False),
        ("http://example.org/gender|male", False),
        ("http://example.org/gender|", False),
        ("|male", True),
    ],
)
def test_a_code_is_of_the_system_it_is_bound_to(search, value, expected):
    assert (
        search.found({"resourceType": "Patient", "gender": "male"}, ("gender", value)) is expected
    )


def test_a_coding_without_a_system_is_of_none(search):
    assert not search.found(OBSERVATION, ("code", f"{GENDER}|local"))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("code:text", "huyet ap", True),
        ("code:text", "ap tam", True),
        ("code:text", "uyet", False),
        ("code:text", "Systolic", True),
        ("code:text", "blood", True),
        ("code:text", "x,PRESSURE", True),
        ("code:text", "8480", False),
        ("identifier:text", "so the", True),
        ("identifier:text", "1", False),
    ],
)
def test_text_is_what_the_code_is_called_from_any_word_on(search, name, value, expected):
    coding = {"system": LOINC, "code": "8480-6", "display": "Systolic blood pressure"}
    resource = {
        "resourceType": "Observation",
        "code": {"coding": [coding], "text": "Huyết áp tâm thu"},
        "identifier": [{"type": {"text": "Số thẻ"}, "value": "1"}],
    }
    assert search.found(resource, (name, value)) is expected


def test_a_concept_of_text_alone_is_not_missing(search):
    resource = {"resourceType": "Observation", "code": {"text": "ho"}}
    assert search.found(resource, ("code:missing", "false"))


@pytest.mark.parametrize("value", ["", "...", "x,-"])
def test_a_text_without_letters_is_refused(search, value):
    with pytest.raises(Invalid, match="code:text"):
        search.ask("Observation", ("code:text", value))


TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"{TYPES}|MR|12345", True),
        (f"{TYPES}|XX|12345", True),
        (f"{TYPES}|MR|1234", False),
        (f"{TYPES}|SS|12345", False),
        (f"{TYPES}|SS|9", True),
    ],
)
def test_a_number_is_found_with_its_type(search, value, expected):
    codings = [{"system": TYPES, "code": "MR"}, {"system": TYPES, "code": "XX"}]
    numbers = [
        {"type": {"coding": codings}, "value": "12345"},
        {"type": {"coding": [{"system": TYPES, "code": "SS"}]}, "value": "9"},
        {"value": "1"},
    ]
    resource = {"resourceType": "Patient", "identifier": numbers}
    assert search.found(resource, ("identifier:of-type", value)) is expected


@pytest.mark.parametrize("value", ["MR|1", "|MR|1", "a|b|", "a|b|c|d", "1"])
def test_a_type_needs_all_three_parts(search, value):
    with pytest.raises(Invalid, match=r"has to be system\|code\|value"):
        search.ask("Patient", ("identifier:of-type", value))


def test_what_codes_mean_is_asked_of_the_terminology(search):
    def asked(*parameter):
        return search.ask("Observation", parameter).condition

    url = "http://example.org/vs"
    assert asked("code:in", url) == Coded("x.code", "in", url)
    assert asked("code:not-in", url) == Not(Coded("x.code", "in", url))
    assert asked("code:below", f"{LOINC}|1") == Coded("x.code", "below", f"{LOINC}|1")
    assert asked("code:above", r"http://a|1\,2") == Coded("x.code", "above", "http://a|1,2")


def test_a_bound_code_is_asked_with_its_system(search):
    system = "http://hl7.org/fhir/observation-status"
    asked = search.ask("Observation", ("status:below", "final")).condition
    assert asked == Coded("x.status", "below", f"{system}|final", frozenset({system}))
    with pytest.raises(Invalid, match=r"has to be system\|code"):
        search.ask("Observation", ("code:below", "8480-6"))


def test_a_bare_bar_is_refused(search):
    with pytest.raises(Invalid):
        search.ask("Observation", ("code", "|"))
