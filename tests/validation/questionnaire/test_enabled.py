"""enableWhen: an item is answered when the other answers ask for it."""

import pytest

from fhir_server.validation.questionnaire.enabled import EXPRESSION
from tests.validation.questionnaire.asking import answered, found, item

YES, NO = answered(("Boolean", True), link="c"), answered(("Boolean", False), link="c")
SHOWN = answered(("String", "a"))


def asked(operator="=", condition=("Boolean", True), type_="boolean", **more):
    rule = {"question": "c", "operator": operator, f"answer{condition[0]}": condition[1]}
    return [
        item(type_, "c", repeats=True),
        item("string", enableWhen=[rule], required=True, **more),
    ]


def refused(spec, form, given):
    return [(place, code) for place, _, code, _ in found(spec, form, given) or ()]


def test_an_item_that_is_enabled_is_required(spec):
    assert refused(spec, asked(), [YES]) == [("", "required")]
    assert refused(spec, asked(), [YES, SHOWN]) == []


def test_an_item_that_is_not_enabled_has_no_answer(spec):
    assert refused(spec, asked(), [NO]) == []
    assert refused(spec, asked(), [NO, SHOWN]) == [(".item[1]", "business-rule")]


OPERATORS = [
    ("string", ("String", "x"), "exists", ("Boolean", True), True),
    ("string", ("String", "x"), "exists", ("Boolean", False), False),
    ("boolean", ("Boolean", False), "!=", ("Boolean", True), True),
    ("integer", ("Integer", 6), ">", ("Integer", 5), True),
    ("integer", ("Integer", 5), ">", ("Integer", 5), False),
    ("integer", ("Integer", 5), ">=", ("Integer", 5), True),
    ("date", ("Date", "2025-12-31"), "<", ("Date", "2026"), True),
    ("date", ("Date", "2026-01-02"), "<=", ("Date", "2026-01-01"), False),
    ("quantity", ("Quantity", {"value": 6}), ">", ("Quantity", {"value": 5}), True),
    ("choice", ("Coding", {"code": "a", "display": "A"}), "=", ("Coding", {"code": "a"}), True),
]


@pytest.mark.parametrize("row", OPERATORS, ids=str)
def test_an_operator_compares_the_answer(spec, row):
    type_, answer, operator, condition, shown = row
    form, given = asked(operator, condition, type_), [answered(answer, link="c"), SHOWN]
    assert refused(spec, form, given) == ([] if shown else [(".item[1]", "business-rule")])


def test_any_answer_that_meets_the_condition_is_enough(spec):
    both = answered(("Boolean", False), ("Boolean", True), link="c")
    assert refused(spec, asked(), [both, SHOWN]) == []


def test_several_conditions_are_met_all_or_any_as_the_behaviour_says(spec):
    [condition, shown] = asked()
    never = {"question": "c", "operator": "exists", "answerBoolean": False}
    shown["enableWhen"].append(never)
    assert refused(spec, [condition, {**shown, "enableBehavior": "any"}], [YES, SHOWN]) == []
    assert refused(spec, [condition, {**shown, "enableBehavior": "all"}], [YES, SHOWN])


def test_the_answer_in_the_same_group_counts(spec):
    form = [item("group", "g", repeats=True, item=asked())]
    groups = [
        {"linkId": "g", "item": [YES, SHOWN]},
        {"linkId": "g", "item": [NO, SHOWN]},
        {"linkId": "g", "item": [YES]},
    ]
    assert refused(spec, form, groups) == [
        (".item[1].item[1]", "business-rule"),
        (".item[2]", "required"),
    ]


def test_an_item_enabled_by_an_expression_is_neither_required_nor_refused(spec):
    [condition, shown] = asked()
    shown["extension"] = [{"url": EXPRESSION, "valueExpression": {"language": "text/fhirpath"}}]
    assert refused(spec, [condition, shown], [NO, SHOWN]) == []
    assert refused(spec, [condition, shown], [YES]) == []
