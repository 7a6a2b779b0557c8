"""What only others know comes through the environment; where they do not know it, it is empty."""

import pytest

from fhir_server.fhirpath.language import Environment, compile_expression
from fhir_server.fhirpath.syntax import FhirPathError
from tests.fhirpath.language.conftest import OBSERVATION, PATIENT, item

LOINC = ("https://example.org/vs", "http://loinc.org", "29463-7")


@pytest.mark.parametrize(("answer", "expected"), [(True, "true"), (False, "false"), (None, "")])
def test_membership_is_asked_by_value_set_system_and_code(says, answer, expected):
    asked = []

    def member_of(*question):
        asked.append(question)
        return answer

    for text in ("code", "code.coding", "code.coding.first()"):
        found = says(f"{text}.memberOf('https://example.org/vs')", OBSERVATION, member_of=member_of)
        assert found == expected
    assert asked == [LOINC] * 3


def test_a_code_alone_has_no_system(says):
    asked = []
    says("gender.memberOf('https://example.org/vs')", member_of=lambda *one: asked.append(one))
    assert asked == [("https://example.org/vs", "", "female")]


def test_of_several_codings_one_member_is_enough(says):
    coded = {**OBSERVATION, "code": {"coding": [{"code": "a"}, {"code": "b"}, {"display": "c"}]}}

    def asked(answers):
        known = dict(zip("ab", answers, strict=True))
        return says("code.memberOf('v')", coded, member_of=lambda _set, _system, code: known[code])

    assert asked([False, True]) == "true"
    assert asked([False, False]) == "false"
    assert asked([False, None]) == ""
    assert asked([None, True]) == "true"


def test_conformance_is_asked_of_the_item_as_it_stands(says):
    asked = []

    def conforms(*question):
        asked.append(question)
        return True

    assert says("name.first().conformsTo('https://example.org/p')", conforms=conforms) == "true"
    assert asked == [(("HumanName", PATIENT["name"][0], None), "https://example.org/p")]
    assert says("conformsTo('https://example.org/p')") == ""


def test_a_narrative_is_judged_by_the_environment(says):
    narrated = {**PATIENT, "text": {"status": "generated", "div": "<div>a</div>"}}
    assert says("text.div.htmlChecks()", narrated, html=lambda div: div == "<div>a</div>") == "true"
    assert says("text.div.htmlChecks()", narrated) == ""


def test_terminologies_are_asked_by_function_and_arguments(says):
    def terminologies(function, arguments):
        return [("System.String", f"{function} {[one[1] for (one,) in arguments]}", None)]

    found = says("%terminologies.lookup(gender, 'a')", terminologies=terminologies)
    assert found == "lookup ['female', 'a']"


def test_further_variables_are_given_by_name(says):
    variables = {"low": [("System.Integer", 3, None)], "none": []}
    assert says("%low + 1", variables=variables) == "4"
    assert says("%none", variables=variables) == ""
    assert says("%`low` = 3", variables=variables) == "true"


def test_a_trace_is_heard_and_changes_nothing(says):
    heard = []
    found = says(
        "name.trace('n', use).given", trace=lambda name, items: heard.append((name, items))
    )
    assert found == "An, Bình, Chi"
    assert [(name, [one[1] for one in items]) for name, items in heard] == [
        ("n", ["official", "usual"])
    ]


def test_the_root_is_the_resource_around_a_contained_one(model):
    inner, outer = PATIENT["contained"][0], item(PATIENT)
    environment = Environment(resource=item(inner), root=outer)
    found = compile_expression(model, "%rootResource.id | %resource.id | '#'.resolve().id")
    assert [one[1] for one in found.evaluate(item(inner), environment)] == ["p1", "o1"]


@pytest.mark.parametrize("text", ["now()", "%resource", "'#a'.resolve()", "1 'g' = 1 'mg'"])
def test_with_nothing_known_nothing_is_made_up(model, text):
    expression = compile_expression(model, text)
    if text == "now()":
        with pytest.raises(FhirPathError, match="time"):
            expression.evaluate(item(PATIENT), Environment())
    else:
        assert expression.evaluate(item(PATIENT), Environment()) == []


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("name.given1", "Patient"),
        ("Encounter.period", "Patient"),
        ("valueQuantity", "Observation"),
        ("name.where(nothing = 'a')", "Patient"),
        ("gender.family", "Patient.contact"),
    ],
)
def test_a_path_the_type_cannot_have_is_refused_where_the_type_is_given(model, text, type_):
    assert compile_expression(model, text)
    with pytest.raises(FhirPathError):
        compile_expression(model, text, type_)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("value.unit", "Observation"),
        ("contained.name", "Patient"),
        ("descendants().anything", "Patient"),
        ("birthDate.extension.value", "Patient"),
        ("name.period.start.extension('a').value.code", "Patient.contact"),
        ("entry.resource.subject", "Bundle"),
        ("DomainResource.text", "Patient"),
        ("type().name", "Patient"),
    ],
)
def test_a_path_the_type_may_have_is_not(model, text, type_):
    assert compile_expression(model, text, type_)


def test_an_invariant_holds_where_it_is_true_or_empty(model):
    for text, expected in [("active", True), ("active.not()", False), ("{}", True), ("name", None)]:
        expression = compile_expression(model, text)
        if expected is None:
            with pytest.raises(FhirPathError, match="more than one"):
                expression.holds(item(PATIENT), Environment())
        else:
            assert expression.holds(item(PATIENT), Environment()) is expected
