"""A QuestionnaireResponse has the items its Questionnaire asks for, as often as it asks."""

import pytest

from tests.validation.questionnaire.asking import URL, answered, findings, found, item, limited

TEXT = ("String", "a")
GROUP = item("group", "g", item=[item("string", "q", required=True)])
COMPLETE = [
    ([item("string")], [{"linkId": "x"}], ".item[0]", "not-found"),
    ([item("string", required=True)], [], "", "required"),
    ([item("string", required=True)], [{"linkId": "q"}], ".item[0]", "required"),
    ([item("string")], [answered(TEXT, TEXT)], ".item[0].answer", "structure"),
    ([item("string")], [answered(TEXT), answered(TEXT)], ".item[1]", "structure"),
    ([item("display")], [answered(TEXT)], ".item[0]", "structure"),
    ([item("question")], [answered(TEXT)], ".item[0]", "structure"),
    ([GROUP], [{"linkId": "g", "item": [{"linkId": "q"}]}], ".item[0].item[0]", "required"),
    ([GROUP], [answered(TEXT)], ".item[0]", "structure"),
    ([{**GROUP, "required": True}], [{"linkId": "g"}], ".item[0]", "required"),
    (
        [item("string", "a"), item("string", "b")],
        [answered(TEXT, link="b"), answered(TEXT, link="a")],
        ".item[1]",
        "structure",
    ),
    (
        [item("string", item=[item("string", "inner")])],
        [{"linkId": "q", "item": [{"linkId": "inner"}]}],
        ".item[0].item",
        "structure",
    ),
    (
        [item("string", item=[item("boolean", "inner")])],
        [
            {
                "linkId": "q",
                "answer": [{"valueString": "a", "item": [answered(TEXT, link="inner")]}],
            }
        ],
        ".item[0].answer[0].item[0].answer[0].value",
        "structure",
    ),
    (
        [
            item(
                "string", repeats=True, extension=[limited("questionnaire-maxOccurs", "Integer", 1)]
            )
        ],
        [answered(TEXT, TEXT)],
        ".item[0]",
        "structure",
    ),
    (
        [item("string", extension=[limited("questionnaire-minOccurs", "Integer", 1)])],
        [{"linkId": "q"}],
        ".item[0]",
        "required",
    ),
]


@pytest.mark.parametrize(("asked", "given", "place", "code"), COMPLETE)
def test_what_the_questionnaire_does_not_ask_is_an_error(spec, asked, given, place, code):
    [(where, severity, kind, told)] = found(spec, asked, given)
    assert (where, severity, kind) == (place, "error", code)
    assert told


def test_a_response_that_answers_everything_is_well_made(spec):
    asked = [GROUP | {"repeats": True}, item("decimal", "d", repeats=True), item("text", "t")]
    groups = [{"linkId": "g", "item": [answered(TEXT)]}] * 2
    assert found(spec, asked, [*groups, answered(("Decimal", 1), ("Decimal", 2), link="d")]) is None


def test_what_is_required_may_still_come_while_the_response_is_in_progress(spec):
    assert found(spec, [item("string", required=True)], [], status="in-progress") is None


def test_a_questionnaire_that_is_not_known_is_a_warning(spec):
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": URL, "item": []}
    [(place, severity, code, _)] = findings(spec, response, {})
    assert (place, severity, code) == (".questionnaire", "warning", "not-found")


def test_a_questionnaire_that_is_not_well_made_is_compared_with_nothing(spec):
    [(_, severity, code, _)] = found(spec, [{"type": "string"}], [{"linkId": "x"}])
    assert (severity, code) == ("warning", "incomplete")


def test_another_resource_at_the_address_of_the_questionnaire_is_an_error(spec):
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": URL}
    answers = {("questionnaire", URL): {"resourceType": "ValueSet", "url": URL}}
    [(place, severity, _, _)] = findings(spec, response, answers)
    assert (place, severity) == (".questionnaire", "error")


def test_a_contained_questionnaire_is_found(spec):
    form = {"resourceType": "Questionnaire", "id": "f", "status": "active"}
    response = {"questionnaire": "#f", "contained": [form], "item": [{"linkId": "x"}]}
    [(place, _, code, _)] = findings(spec, response, {})
    assert (place, code) == (".item[0]", "not-found")


def test_a_response_without_a_questionnaire_is_not_compared(spec):
    assert findings(spec, {"resourceType": "QuestionnaireResponse"}, {}) is None
