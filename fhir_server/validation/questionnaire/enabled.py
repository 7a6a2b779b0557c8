"""enableWhen: whether an item of a Questionnaire is asked, given the other answers.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_server.validation.questionnaire.form import Form, Item, every, link_of
from fhir_server.validation.questionnaire.values import ordered, same, value_of

EXPRESSION = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def enabled(form: Form, item: Item, scopes: Mapping[str, Sequence[Item]]) -> bool | None:
    """Say whether an item is asked; None where an expression decides that.

    `scopes` are, by linkId of the items around it ("" for the response itself), the items of the
    response that stand in the same group.
    """
    if any(one.get("url") == EXPRESSION for one in item.get("extension", ())):
        return None
    rules = item.get("enableWhen", ())
    if not rules:
        return True
    met = [_met(rule, _answers(form, item, rule.get("question", ""), scopes)) for rule in rules]
    return any(met) if item.get("enableBehavior") == "any" else all(met)


def _answers(
    form: Form, item: Item, question: str, scopes: Mapping[str, Sequence[Item]]
) -> list[tuple[str, Any]]:
    near = scopes.get(form.around(link_of(item), question), ())
    given = [one for one in every(near) if link_of(one) == question]
    values = (value_of(answer, "value") for one in given for answer in one.get("answer", ()))
    return [value for value in values if value is not None]


def _met(rule: Mapping[str, Any], answers: Sequence[tuple[str, Any]]) -> bool:
    wanted = value_of(rule, "answer")
    sign = rule.get("operator")
    if wanted is None:
        return False
    if sign == "exists":
        return bool(answers) is wanted[1]
    if sign in ("=", "!="):
        return any(same(answer, wanted) is (sign == "=") for answer in answers)
    compare = _ORDERS.get(str(sign))
    return compare is not None and any(_compared(answer, wanted, compare) for answer in answers)


def _compared(
    answer: tuple[str, Any], wanted: tuple[str, Any], compare: Callable[[Any, Any], bool]
) -> bool:
    left, right = ordered(*answer), ordered(*wanted)
    return type(left) is type(right) and left is not None and compare(left, right)
