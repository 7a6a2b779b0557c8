"""A Questionnaire's enableWhen names a question of it that is not inside the item."""

import pytest

from fhir_server.validation.questionnaire.conditions import condition_findings
from tests.validation.questionnaire.asking import item


def when(question):
    return [{"question": question, "operator": "exists", "answerBoolean": True}]


@pytest.mark.parametrize(
    ("question", "code"), [("x", "not-found"), ("g", "invalid"), ("c", "invalid")]
)
def test_an_item_depends_on_a_question_outside_it(question, code):
    form = {"item": [item("group", "g", enableWhen=when(question), item=[item("string", "c")])]}
    [(place, severity, kind, _)] = condition_findings(form, None)
    assert (place, severity, kind) == (".item[0].enableWhen[0].question", "error", code)


def test_an_item_may_depend_on_one_before_or_after_it():
    form = {"item": [item("string", "a"), item("string", "b", enableWhen=when("a"))]}
    assert condition_findings(form, None) is None
    assert condition_findings({"item": form["item"][::-1]}, None) is None
