"""The validator: every issue of a resource, from its structure to its profiles.

https://hl7.org/fhir/R4/validation.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.validation.findings import Definitions, Visit, issues_of
from fhir_server.validation.profiles.claims import claimed_findings
from fhir_server.validation.profiles.walk import Strictness
from fhir_server.validation.questions import Questions
from fhir_server.validation.remainder import apart, remainder
from fhir_server.validation.rules import base_findings
from fhir_server.validation.structure import structural_issues

__all__ = ["Definitions", "Strictness", "issues", "rule_issues"]


_STRICT = Strictness()


def issues(
    definitions: Definitions,
    resource: dict[str, Any],
    profiles: Sequence[str],
    questions: Questions,
    strict: Strictness | None = _STRICT,
) -> list[Issue]:
    """Give what is wrong with a resource: structure, base rules and profiles of what is well built.

    `profiles` are canonicals it has to meet beside those it claims; `strict` says what becomes of
    unknown ones, None that no profile is looked at. What cannot be told from `definitions` is asked
    of `questions`: where some are open afterwards, answer them and call again.
    """
    found = structural_issues(definitions.spec, resource)
    if not found:
        return rule_issues(definitions, resource, profiles, questions, strict)
    rest = remainder(definitions.spec, resource, found)
    if rest is None:
        return found
    more = rule_issues(definitions, rest, profiles, questions, strict)
    return [*found, *apart(more, found)]


def rule_issues(
    definitions: Definitions,
    resource: Mapping[str, Any],
    profiles: Sequence[str],
    questions: Questions,
    strict: Strictness | None = _STRICT,
) -> list[Issue]:
    """Give what is wrong with a resource whose structure is well; errors first."""
    visit = Visit(definitions, questions, resource, resource)
    found = base_findings(definitions.spec, visit)
    if strict is not None:
        found = [*found, *claimed_findings(visit, profiles, strict)]
    return issues_of(resource["resourceType"], found)
