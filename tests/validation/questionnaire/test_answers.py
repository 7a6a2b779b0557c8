"""An answer is of the kind its question asks, and one of the options it offers."""

import pytest

from tests.validation.questionnaire.asking import answered, found, item, limited

IN = {"system": "http://example.org/cs", "code": "in"}
OUT = {"system": "http://example.org/cs", "code": "out"}
KINDS = {
    "boolean": ("Boolean", True), "decimal": ("Decimal", 1), "integer": ("Integer", 1),
    "date": ("Date", "2026"), "dateTime": ("DateTime", "2026"), "time": ("Time", "10:00:00"),
    "string": ("String", "a"), "text": ("String", "a\nb"), "url": ("Uri", "http://example.org"),
    "choice": ("Coding", IN), "open-choice": ("String", "a"),
    "attachment": ("Attachment", {"url": "http://example.org"}),
    "reference": ("Reference", {"reference": "Patient/a"}), "quantity": ("Quantity", {"value": 1}),
}  # fmt: skip
ALONE = [limited("questionnaire-optionExclusive", "Boolean", True)]


def told(spec, asked, *values):
    return [(place, code) for place, _, code, _ in found(spec, [asked], [answered(*values)]) or ()]


@pytest.mark.parametrize("type_", KINDS)
def test_an_answer_has_the_type_of_its_question(spec, type_):
    value_set = {"answerValueSet": "http://example.org/vs"} if type_ == "choice" else {}
    assert told(spec, item(type_, **value_set), KINDS[type_]) == []
    other = KINDS["time" if type_ == "boolean" else "boolean"]
    assert told(spec, item(type_, **value_set), other) == [
        (".item[0].answer[0].value", "structure")
    ]


@pytest.mark.parametrize(
    ("name", "offered", "other"),
    [
        ("Coding", {**IN, "display": "In"}, OUT),
        ("String", "a", "b"),
        ("Integer", 1, 2),
        ("Date", "2026-01-01", "2026-01-02"),
        ("Reference", {"reference": "Patient/a"}, {"reference": "Patient/b"}),
    ],
)
def test_an_answer_is_one_of_the_options(spec, name, offered, other):
    asked = item("choice", answerOption=[{f"value{name}": offered}])
    assert told(spec, asked, (name, offered)) == []
    assert told(spec, asked, (name, other)) == [(".item[0].answer[0].value", "code-invalid")]


def test_an_open_choice_may_be_answered_in_words(spec):
    asked = item("open-choice", answerOption=[{"valueCoding": IN}])
    assert told(spec, asked, ("String", "something else")) == []
    assert told(spec, asked, ("Coding", OUT)) == [(".item[0].answer[0].value", "code-invalid")]


def test_an_option_that_excludes_the_others_is_chosen_alone(spec):
    options = [{"valueCoding": IN}, {"valueCoding": OUT, "extension": ALONE}]
    asked = item("choice", repeats=True, answerOption=options)
    assert told(spec, asked, ("Coding", OUT)) == []
    both = told(spec, asked, ("Coding", IN), ("Coding", OUT))
    assert both == [(".item[0].answer[1]", "business-rule")]


def test_an_answer_is_in_the_value_set(spec):
    asked = item("choice", answerValueSet="http://example.org/vs")
    assert told(spec, asked, ("Coding", IN)) == []
    assert told(spec, asked, ("Coding", OUT)) == [(".item[0].answer[0].value", "code-invalid")]


def test_a_value_set_may_be_contained_in_the_questionnaire(spec):
    include = [{"system": IN["system"], "concept": [{"code": "in"}]}]
    contained = [
        {"resourceType": "ValueSet", "id": "v", "status": "active", "compose": {"include": include}}
    ]
    asked = [item("choice", answerValueSet="#v")]
    assert found(spec, asked, [answered(("Coding", IN))], contained=contained) is None
    [(_, _, code, _)] = found(spec, asked, [answered(("Coding", OUT))], contained=contained)
    assert code == "code-invalid"


@pytest.mark.parametrize("reference", ["Chicken/a", "http://example.org/Chicken/a", "Patient/a b"])
def test_a_reference_is_to_a_resource(spec, reference):
    value = ("Reference", {"reference": reference})
    assert told(spec, item("reference"), value) == [(".item[0].answer[0].value", "value")]


def test_lines_in_a_string_are_a_warning(spec):
    [(place, severity, _, _)] = found(spec, [item("string")], [answered(("String", "a\nb"))])
    assert (place, severity) == (".item[0].answer[0].value", "warning")
