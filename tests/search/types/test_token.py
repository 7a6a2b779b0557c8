"""Token parameters: systems, codes, and everything that is searched as one."""

import pytest

from fhir_server.fhir.errors import Invalid

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


@pytest.mark.parametrize("name", ["code:text", "code:in", "code:above", "identifier:of-type"])
def test_other_modifiers_are_refused(search, name):
    with pytest.raises(Invalid, match="not supported here; supported: :not, :missing"):
        search.ask("Observation", (name, "x"))


def test_a_bare_bar_is_refused(search):
    with pytest.raises(Invalid):
        search.ask("Observation", ("code", "|"))
