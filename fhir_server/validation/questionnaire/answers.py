"""Answers: whether the value of an answer is of the kind its question asks, and one of its options.

https://hl7.org/fhir/R4/questionnaire.html#2.40.5
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.reference import parse
from fhir_server.validation.findings import Findings, Visit, below, error, warning
from fhir_server.validation.questionnaire.form import Form, Item, extensions
from fhir_server.validation.questionnaire.limits import limit_findings
from fhir_server.validation.questionnaire.values import same, told, value_of

_EXCLUSIVE = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive"
# Type of a question → types its answers may have.
_ASKED: Mapping[str, tuple[str, ...]] = {
    "boolean": ("Boolean",),
    "decimal": ("Decimal",),
    "integer": ("Integer",),
    "date": ("Date",),
    "dateTime": ("DateTime",),
    "time": ("Time",),
    "string": ("String",),
    "text": ("String",),
    "url": ("Uri",),
    "choice": ("Coding",),
    "open-choice": ("Coding", "String"),
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
}
# A choice without options and value set says nothing of what is chosen from.
_CHOSEN = ("Coding", "String", "Integer", "Date", "Time", "Reference")


def answer_findings(form: Form, item: Item, answer: Mapping[str, Any], visit: Visit) -> Findings:
    """Give what is wrong with one answer to a question."""
    given = value_of(answer, "value")
    if given is None:
        return []
    type_, value = given
    wanted = _wanted(item)
    if type_ not in wanted:
        named = " or ".join(f"value{one}" for one in wanted)
        told_ = f"the question is of type {item.get('type')}: {named} is asked, not value{type_}"
        return error("structure", told_, ".value")
    said = [*_chosen(form, item, given, visit), *limit_findings(item, type_, value, visit)]
    if type_ == "Reference":
        said.append(_referred(value, visit))
    if type_ == "String" and item.get("type") == "string" and not value.isprintable():
        said.append(warning("value", "an answer to a question of type string is one line"))
    return below(".value", [one for found in said for one in found])


def exclusive_findings(item: Item, answers: Sequence[Mapping[str, Any]]) -> Findings:
    """Give what is wrong with several answers of which one excludes the others."""
    alone = [
        value_of(option, "value")
        for option in item.get("answerOption", ())
        if True in extensions(option, _EXCLUSIVE, "Boolean")
    ]
    if len(answers) < 2 or not alone:  # noqa: PLR2004 (several)
        return []
    given = (value_of(answer, "value") for answer in answers)
    for index, one in enumerate(given):
        if one and any(option and same(one, option) for option in alone):
            told_ = f"{told(one[1])} is chosen alone or not at all"
            return error("business-rule", told_, f".answer[{index}]")
    return []


def _wanted(item: Item) -> tuple[str, ...]:
    type_ = item.get("type", "")
    if type_ not in ("choice", "open-choice") or "answerValueSet" in item:
        return _ASKED.get(type_, ())
    options = [value_of(option, "value") for option in item.get("answerOption", ())]
    return (*_ASKED[type_], *(one[0] for one in options if one)) if options else _CHOSEN


def _chosen(form: Form, item: Item, given: tuple[str, Any], visit: Visit) -> Iterator[Findings]:
    type_, value = given
    if type_ == "String" and item.get("type") == "open-choice":
        return
    options = [value_of(option, "value") for option in item.get("answerOption", ())]
    if options and not any(option and same(given, option) for option in options):
        yield error("code-invalid", f"{told(value)} is none of the options of the question")
    value_set = item.get("answerValueSet")
    if value_set and type_ in ("Coding", "String"):
        system, code = (
            (value.get("system", ""), value.get("code", "")) if type_ == "Coding" else ("", value)
        )
        if code and _member(form, value_set, system, code, visit) is False:
            yield error("code-invalid", f"{told(value)} is not in the value set {value_set[:200]}")


def _member(form: Form, value_set: str, system: str, code: str, visit: Visit) -> bool | None:
    """Say whether a code is in a value set, which may be contained in the Questionnaire."""
    if not value_set.startswith("#"):
        return visit.member(value_set, system, code)
    contained = form.value_set(value_set) or {}
    clauses = contained.get("compose", {}).get("include", ())
    if not clauses or any("concept" not in one or "system" not in one for one in clauses):
        return None
    return any(
        system in ("", one["system"]) and code == concept.get("code")
        for one in clauses
        for concept in one["concept"]
    )


def _referred(value: Mapping[str, Any], visit: Visit) -> Findings:
    reference = value.get("reference")
    if reference is None:
        return []
    type_ = parse(reference).type
    if " " in reference or (type_ and type_ not in visit.definitions.spec.types):
        return error("value", f"{reference[:200]!r} refers to no resource of a known type")
    return []
