"""What base rules say of a resource, for the tests of each kind of rule."""

from fhir_server.interactions.judging import definitions
from fhir_server.spec.spec import load
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import rule_issues

SPEC = load()
NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def told(resource, *, answers=None, severity="error", spec=SPEC):
    """Give (location, issue code, sentence) of each issue of that severity."""
    questions = Questions(answers or {})
    issues = rule_issues(definitions(spec), resource, (), questions, None)
    return [
        (issue.expression, issue.code, issue.diagnostics)
        for issue in issues
        if issue.severity == severity
    ]


def places(resource, **options):
    return [place for place, _, _ in told(resource, **options)]


def patient(**elements):
    return {"resourceType": "Patient", "text": NARRATIVE, **elements}


def observation(**elements):
    fixed = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    return {**fixed, "text": NARRATIVE, **elements}
