"""The conditions of a Questionnaire: enableWhen names a question that can be asked before.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen.question
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.validation.findings import Finding, Findings, Visit, below, error
from fhir_server.validation.questionnaire.form import Form, Item, link_of


def condition_findings(questionnaire: Mapping[str, Any], _visit: Visit) -> Findings | None:
    """Give what is wrong with the enableWhen of a Questionnaire's items."""
    form = Form(questionnaire)
    return [*_items(form, form.items)] or None


def _items(form: Form, items: Sequence[Item]) -> Iterator[Finding]:
    for index, item in enumerate(items):
        place = f".item[{index}]"
        rules = item.get("enableWhen", ())
        if len(rules) > 1 and "enableBehavior" not in item:
            # R4's expression of que-12 counts to 2, its sentence to 1.
            told = "que-12: with several enableWhen, enableBehavior says whether all or any count"
            yield from error("invariant", told, place)
        for at, rule in enumerate(rules):
            yield from below(f"{place}.enableWhen[{at}].question", _rule(form, item, rule))
        yield from below(place, [*_items(form, item.get("item", ()))])


def _rule(form: Form, item: Item, rule: Mapping[str, Any]) -> Findings:
    question = rule.get("question", "")
    if question not in form.paths:
        return error("not-found", f"the Questionnaire has no item {question[:64]!r}")
    if question == link_of(item) or link_of(item) in form.paths[question]:
        return error("invalid", "an item cannot depend on itself, nor on an item inside it")
    return []
