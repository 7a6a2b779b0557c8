"""Claims: which profiles a resource has to meet, and whether it does.

https://hl7.org/fhir/R4/profiling.html#resources
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.validation.findings import Definitions, Findings, Resource, Visit, issues_of
from fhir_server.validation.profiles.known import known_profiles
from fhir_server.validation.profiles.walk import Walk
from fhir_server.validation.questions import Questions


def wanted_profiles(resource: Resource, required: Mapping[str, Sequence[str]]) -> list[str]:
    """Give the canonicals a resource has to meet: those it claims, and those its type requires."""
    claimed = resource.get("meta", {}).get("profile", ())
    return list(dict.fromkeys([*claimed, *required.get(resource["resourceType"], ())]))


def profile_issues(
    definitions: Definitions, profile: str, resource: Mapping[str, Any], questions: Questions
) -> list[Issue]:
    """Give what is wrong with a resource, which is built well, by one profile.

    A profile that is not known is asked of `questions`; without an answer, an issue says so.
    """
    visit = Visit(definitions, questions, resource, resource)
    return issues_of(resource["resourceType"], profile_findings(visit, profile))


def profile_findings(visit: Visit, profile: str) -> Findings:
    """Give what is wrong with the resource of a visit by one profile."""
    known = known_profiles(visit.definitions.spec)
    resource = visit.resource
    walk = Walk(visit, known.judge)
    found = known.judge((resource["resourceType"], resource, None), profile, walk) or []
    return list(_told(found, profile))


def _told(found: Findings, profile: str) -> Iterator[tuple[str, Any, str, str]]:
    """Give each finding once, with the profile it is by."""
    for place, severity, code, told in dict.fromkeys(found):
        yield place, severity, code, told if profile in told else f"{told} (profile {profile})"
