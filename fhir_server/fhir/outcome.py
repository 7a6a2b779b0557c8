"""OperationOutcome: what every error and every warning is told in.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.fhir.errors import Issue


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """Give the OperationOutcome of these issues; without any, one that says all is well."""
    told = [_issue(issue) for issue in issues]
    ok = {"severity": "information", "code": "informational", "diagnostics": "All OK"}
    return {"resourceType": "OperationOutcome", "issue": told or [ok]}


def _issue(issue: Issue) -> dict[str, Any]:
    told: dict[str, Any] = {"severity": issue.severity, "code": issue.code}
    if issue.diagnostics:
        told["diagnostics"] = issue.diagnostics
    if issue.expression:
        told["expression"] = [issue.expression]
    return told
