"""OperationOutcome: what every error and every warning is told in.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.fhir.errors import Issue

LONGEST = 500


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """Give the OperationOutcome of these issues; without any, one that says all is well."""
    told = [_issue(issue) for issue in issues]
    ok = {"severity": "information", "code": "informational", "diagnostics": "All OK"}
    return {"resourceType": "OperationOutcome", "issue": told or [ok]}


def _issue(issue: Issue) -> dict[str, Any]:
    told: dict[str, Any] = {"severity": issue.severity, "code": issue.code}
    if issue.diagnostics:
        told["diagnostics"] = cleaned(issue.diagnostics)
    if issue.expression:
        told["expression"] = [cleaned(issue.expression)]
    return told


def cleaned(text: str) -> str:
    """Give a text of a caller's such that it can neither fill nor control a screen."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in cut)
