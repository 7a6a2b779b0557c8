"""A QuestionnaireResponse against its Questionnaire: every item that is asked, and no other.

https://hl7.org/fhir/R4/questionnaireresponse.html#notes
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.validation.findings import Finding, Findings, Visit, below, error, warning
from fhir_server.validation.questionnaire.answers import answer_findings, exclusive_findings
from fhir_server.validation.questionnaire.enabled import enabled
from fhir_server.validation.questionnaire.form import Form, Item, extensions, is_question, link_of
from fhir_server.validation.structure import structural_issues

_DONE = ("completed", "amended")
_OCCURS = "http://hl7.org/fhir/StructureDefinition/questionnaire-{}Occurs"


def response_findings(response: Mapping[str, Any], visit: Visit) -> Findings | None:
    """Give what a QuestionnaireResponse has or lacks against the Questionnaire it names.

    One that is not known, or not well made itself, is a warning: nothing is compared then.
    """
    canonical = response.get("questionnaire")
    if canonical is None:
        return None
    found = _questionnaire(response, canonical, visit)
    if found is None:
        told = f"the Questionnaire {canonical[:200]} is not known here: no answer was compared"
        return warning("not-found", told, ".questionnaire")
    if found.get("resourceType") != "Questionnaire":
        told = f"{canonical[:200]} is a {found.get('resourceType')}, not a Questionnaire"
        return error("invalid", told, ".questionnaire")
    if not _readable(visit, found):
        told = f"the Questionnaire {canonical[:200]} is not well made: no answer was compared"
        return warning("incomplete", told, ".questionnaire")
    form = Form(found)
    given = response.get("item", ())
    walk = _Walk(form, visit, complete=response.get("status") in _DONE)
    return [*walk.items(form.items, given, {"": given})] or None


def _readable(visit: Visit, form: dict[str, Any]) -> bool:
    """Say whether the items of a Questionnaire are well made, whatever else it lacks."""
    faults = structural_issues(visit.definitions.spec, form)
    return all(one.code == "required" and ".item" not in one.expression for one in faults)


def _questionnaire(
    response: Mapping[str, Any], canonical: str, visit: Visit
) -> dict[str, Any] | None:
    if not canonical.startswith("#"):
        found: dict[str, Any] | None = visit.questions.ask("questionnaire", canonical)
        return found
    contained = response.get("contained", ())
    return next((one for one in contained if f"#{one.get('id')}" == canonical), None)


@dataclass(frozen=True, slots=True)
class _Walk:
    """`complete`: everything required must be there. See `enabled` for `scopes`."""

    form: Form
    visit: Visit
    complete: bool

    def items(
        self, asked: Sequence[Item], given: Sequence[Item], scopes: Mapping[str, Sequence[Item]]
    ) -> Iterator[Finding]:
        """Compare the items of one level."""
        places = {link_of(item): index for index, item in enumerate(asked)}
        last = 0
        by_link: dict[str, list[tuple[int, Item]]] = {}
        for index, item in enumerate(given):
            link = link_of(item)
            by_link.setdefault(link, []).append((index, item))
            if link not in places:
                yield from below(f".item[{index}]", self._misplaced(link))
            elif places[link] < last:
                told = f"the item {link[:64]!r} stands after one that the Questionnaire has later"
                yield from error("structure", told, f".item[{index}]")
            last = max(last, places.get(link, 0))
        for item in asked:
            yield from self._asked(item, by_link.get(link_of(item), []), scopes)

    def _misplaced(self, link: str) -> Findings:
        if link in self.form.paths:
            return error("structure", f"the Questionnaire has the item {link[:64]!r} elsewhere")
        return error("not-found", f"the Questionnaire has no item {link[:64]!r}")

    def _asked(
        self,
        item: Item,
        given: Sequence[tuple[int, Item]],
        scopes: Mapping[str, Sequence[Item]],
    ) -> Iterator[Finding]:
        link, asked = link_of(item)[:64], enabled(self.form, item, scopes)
        if not given:
            if asked and self.complete and item.get("required"):
                yield from error("required", f"the required item {link!r} is missing")
            return
        if len(given) > 1 and not item.get("repeats"):
            told = f"the item {link!r} does not repeat; it is given {len(given)} times"
            yield from error("structure", told, f".item[{given[1][0]}]")
        for index, one in given:
            if asked is False and ("answer" in one or "item" in one):
                told = f"the item {link!r} is not enabled by the other answers; leave it out"
                yield from error("business-rule", told, f".item[{index}]")
            else:
                yield from below(f".item[{index}]", [*self._one(item, one, scopes)])

    def _one(
        self, item: Item, given: Item, scopes: Mapping[str, Sequence[Item]]
    ) -> Iterator[Finding]:
        answers, inner = given.get("answer", ()), given.get("item", ())
        if item.get("type") == "group":
            yield from self._group(item, given, scopes)
        elif item.get("type") == "question" or not is_question(item):
            if answers:
                yield from error("structure", f"an item of type {item['type']} has no answer")
        else:
            if inner:
                told = "items below a question stand in its answer: answer.item"
                yield from error("structure", told, ".item")
            yield from self._counted(item, answers)
            yield from exclusive_findings(item, answers)
            for index, answer in enumerate(answers):
                yield from below(f".answer[{index}]", [*self._answer(item, answer, scopes)])

    def _group(
        self, item: Item, given: Item, scopes: Mapping[str, Sequence[Item]]
    ) -> Iterator[Finding]:
        inner = given.get("item", ())
        if "answer" in given:
            yield from error("structure", "a group has items, no answer", ".answer")
        if not inner and item.get("required") and self.complete:
            yield from error("required", f"the required group {item['linkId'][:64]!r} has no items")
            return
        scopes = {**scopes, link_of(item): inner}
        yield from self.items(item.get("item", ()), inner, scopes)

    def _answer(
        self, item: Item, answer: Mapping[str, Any], scopes: Mapping[str, Sequence[Item]]
    ) -> Iterator[Finding]:
        yield from answer_findings(self.form, item, answer, self.visit)
        inner = answer.get("item", ())
        scopes = {**scopes, link_of(item): inner}
        yield from self.items(item.get("item", ()), inner, scopes)

    def _counted(self, item: Item, answers: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
        link, count = link_of(item)[:64], len(answers)
        least = next(iter(extensions(item, _OCCURS.format("min"), "Integer")), 0)
        most = next(iter(extensions(item, _OCCURS.format("max"), "Integer")), count)
        if not item.get("repeats") and count > 1:
            told = f"the question {link!r} has one answer, not {count}"
            yield from error("structure", told, ".answer")
        if count > most:
            yield from error("structure", f"at most {most} answers to {link!r}, not {count}")
        if not self.complete:
            return
        if item.get("required") and not count:
            yield from error("required", f"the required question {link!r} has no answer")
        elif count < least:
            yield from error("required", f"at least {least} answers to {link!r}, not {count}")
