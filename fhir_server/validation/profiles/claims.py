"""Claims: which profiles a resource has to meet, and whether it does.

https://hl7.org/fhir/R4/profiling.html#resources
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.validation.findings import (
    Definitions,
    Finding,
    Findings,
    Resource,
    Visit,
    issues_of,
)
from fhir_server.validation.profiles.authored import authored_findings
from fhir_server.validation.profiles.discriminators import CORE
from fhir_server.validation.profiles.extensions import extension_findings
from fhir_server.validation.profiles.known import Known, known_profiles
from fhir_server.validation.profiles.vital_signs import vital_signs
from fhir_server.validation.profiles.walk import Strictness, Walk
from fhir_server.validation.questions import Questions

_DEFAULT = Strictness()


def wanted_profiles(resource: Resource, required: Mapping[str, Sequence[str]]) -> list[str]:
    """Give the canonicals a resource has to meet: those it claims, and those its type requires."""
    claimed = resource.get("meta", {}).get("profile", ())
    wanted = [*claimed, *required.get(resource["resourceType"], ())]
    return [one for one in dict.fromkeys(wanted) if one]


def profile_issues(
    definitions: Definitions, profile: str, resource: Mapping[str, Any], questions: Questions
) -> list[Issue]:
    """Give what is wrong with a resource, which is built well, by one profile.

    A profile that is not known is asked of `questions`; without an answer, an issue says so.
    """
    visit = Visit(definitions, questions, resource, resource)
    known = known_profiles(definitions.spec)
    found = _told(_by(known, profile, Walk(visit, known.judge)), profile)
    return issues_of(resource["resourceType"], list(dict.fromkeys(found)))


def nominated(issue: Issue, profiles: Sequence[str]) -> Issue:
    """Give an issue, as an error if it says that one of these profiles could not be looked at.

    Who names a profile wants to know: https://hl7.org/fhir/R4/resource-operation-validate.html
    """
    unchecked = any(_is_of(issue.code, issue.diagnostics, one) for one in profiles)
    return replace(issue, severity="error") if unchecked else issue


def claimed_findings(
    visit: Visit, profiles: Sequence[str] = (), strict: Strictness = _DEFAULT
) -> Findings:
    """Give what is wrong with a resource, and with those inside, by all they have to meet.

    That are the profiles in meta.profile, `profiles` for the outermost, R4's vital signs by their
    codes, the profiles R4's own types name for elements, and the definition of every extension.
    """
    known = known_profiles(visit.definitions.spec)
    walk = Walk(visit, known.judge, strict=strict)
    return list(dict.fromkeys(_of_resource(known, walk, profiles)))


def _of_resource(known: Known, walk: Walk, profiles: Sequence[str]) -> Findings:
    resource = walk.visit.resource
    type_ = resource["resourceType"]
    claimed = resource.get("meta", {}).get("profile", ())
    found: Findings = []
    for index, profile in enumerate(claimed):
        if profile is None:
            continue
        by = _by(known, profile, walk)
        # A profile that cannot be looked at is a fault of the claim, not of the whole.
        found += [
            (f".meta.profile[{index}]", *one[1:]) if _unchecked(one, profile) else one
            for one in _told(by, profile)
        ]
    others = [*profiles, *vital_signs(resource), f"{CORE}{type_}"]
    for profile in dict.fromkeys(others):
        if profile not in claimed and (known.is_ours(profile) or profile != f"{CORE}{type_}"):
            found += _told(_by(known, profile, walk), profile)
    if type_ == "StructureDefinition":
        found += authored_findings(known, walk)
    return found + extension_findings(known, walk, lambda inner: _of_resource(known, inner, ()))


def _by(known: Known, profile: str, walk: Walk) -> Findings:
    resource = walk.visit.resource
    return known.judge((resource["resourceType"], resource, None), profile, walk) or []


def _unchecked(finding: Finding, profile: str) -> bool:
    place, _, code, told = finding
    return not place and _is_of(code, told, profile)


def _is_of(code: str, told: str, profile: str) -> bool:
    return code.startswith("not-") and told.startswith(f"the profile {profile} ")


def _told(found: Findings, profile: str) -> Iterator[Finding]:
    """Give each finding with the profile it is by."""
    for place, severity, code, told in found:
        yield place, severity, code, told if profile in told else f"{told} (profile {profile})"
