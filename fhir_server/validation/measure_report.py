"""A MeasureReport against its Measure: the groups, populations and stratifiers it defines.

https://hl7.org/fhir/R4/measurereport.html#notes
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fhir_server.validation.findings import Finding, Findings, Visit, below, error, warning

_SUBJECTS = "subject-list"
_COHORT = "cohort"


def report_findings(report: Mapping[str, Any], visit: Visit) -> Findings | None:
    """Give what a MeasureReport has that its Measure, where it is known, does not define."""
    found = [*_subjects(report)]
    canonical = report.get("measure")
    measure = visit.questions.ask("measure", canonical) if canonical else None
    if measure is not None and measure.get("resourceType") == "Measure":
        found += _groups(report, measure)
    return found or None


def _subjects(report: Mapping[str, Any]) -> Iterator[Finding]:
    """Say where subjects are listed, or counted, that cannot be."""
    for at, group in enumerate(report.get("group", ())):
        for index, population in enumerate(group.get("population", ())):
            place = f".group[{at}].population[{index}]"
            if "subjectResults" not in population:
                continue
            if report.get("type", _SUBJECTS) != _SUBJECTS:
                told = f"subjects are listed where the type is {_SUBJECTS}, not {report['type']}"
                yield from error("invariant", told, f"{place}.subjectResults")


def _groups(report: Mapping[str, Any], measure: Mapping[str, Any]) -> Iterator[Finding]:
    defined = measure.get("group", ())
    given = report.get("group", ())
    scoring = _codes(measure.get("scoring", {}))
    for index, group in enumerate(given):
        place = f".group[{index}]"
        own = _matching(group, defined, alone=len(given) == 1)
        if own is None:
            told = "no group of the Measure has this code; with several groups each has one"
            yield from error("not-found", told, place)
            continue
        if "measureScore" in group and any(code == _COHORT for _, code in scoring):
            # Only that: an official example has one.
            yield from warning("invariant", "a cohort has no score", f"{place}.measureScore")
        yield from below(place, [*_parts(group, own, "population", error)])
        # An official example has a stratifier its Measure has not.
        yield from below(place, [*_parts(group, own, "stratifier", warning)])
        yield from below(place, [*_components(group, own)])


def _parts(
    group: Mapping[str, Any], own: Mapping[str, Any], name: str, say: Callable[..., Findings]
) -> Iterator[Finding]:
    """Say which populations or stratifiers of a group the Measure, if it has any, does not."""
    defined = [_codes(part.get("code", {})) for part in own.get(name, ())]
    for index, part in enumerate(group.get(name, ())):
        codes = [code for one in _concepts(part) for code in _codes(one)]
        if defined and codes and not any(_meet(frozenset(codes), known) for known in defined):
            told = f"the Measure's group has no {name} with this code"
            yield from say("not-found", told, f".{name}[{index}].code")


def _components(group: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Finding]:
    """Say which components of a stratum no stratifier of the Measure's group has."""
    parts = [one for each in own.get("stratifier", ()) for one in each.get("component", ())]
    known = frozenset[tuple[str, str]]().union(*(_codes(one.get("code", {})) for one in parts))
    for at, stratifier in enumerate(group.get("stratifier", ())):
        for index, stratum in enumerate(stratifier.get("stratum", ())):
            place = f".stratifier[{at}].stratum[{index}]"
            for nth, one in enumerate(stratum.get("component", ())):
                if known and not _meet(_codes(one["code"]), known):
                    told = "no stratifier of the Measure's group has a component with this code"
                    yield from error("not-found", told, f"{place}.component[{nth}].code")


def _concepts(part: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    code = part.get("code", ())
    return [code] if isinstance(code, Mapping) else code


def _matching(
    group: Mapping[str, Any], defined: Sequence[Mapping[str, Any]], *, alone: bool
) -> Mapping[str, Any] | None:
    codes = _codes(group.get("code", {}))
    if not codes:
        return defined[0] if alone and len(defined) == 1 else None
    return next((one for one in defined if _meet(codes, _codes(one.get("code", {})))), None)


def _meet(codes: frozenset[tuple[str, str]], known: frozenset[tuple[str, str]]) -> bool:
    """Say whether one of the codes is known; a code without a system is compared alone."""
    plain = {code for _, code in known}
    return any(code in plain if system == "" else (system, code) in known for system, code in codes)


def _codes(concept: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Give the codes of a CodeableConcept by system; its text, where it has no code."""
    found = [
        (coding.get("system", ""), coding["code"])
        for coding in concept.get("coding", ())
        if "code" in coding
    ]
    return frozenset(found or [("text", concept["text"])] if "text" in concept else found)
