"""One case tried: the file read by this server's own codecs, and what its validation says of it."""

from pathlib import Path
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Issue
from fhir_server.spec.spec import Spec
from fhir_server.spec.xml import from_xml
from fhir_server.validation.structure import structural_issues
from tests.conformance.hl7_validator.cases import Case

MARK = b"\xef\xbb\xbf"


def load(spec: Spec, file: Path) -> dict[str, Any]:
    """Give the resource in a file; FhirError as the codecs raise it."""
    body = file.read_bytes().removeprefix(MARK)
    if file.suffix == ".xml":
        return from_xml(spec.structures, body)
    return json.parse_object(body)


def errors(spec: Spec, case: Case) -> list[Issue]:
    """Give the errors this server finds in a case."""
    try:
        resource = load(spec, case.file)
    except FhirError as fault:
        return list(fault.issues)
    found = structural_issues(spec, resource)
    from fhir_server.validation.findings import Definitions, Visit, issues_of
    from fhir_server.validation.questions import Questions
    from fhir_server.validation.questionnaire.response import response_findings
    from fhir_server.validation.questionnaire.conditions import condition_findings
    from fhir_server.terminology.ucum import canonical

    supp = {}
    for s in case.supporting:
        try:
            r = load(spec, case.file.parents[len(Path(case.options["file"]).parts) - 1] / s)
        except FhirError as e:
            print(case.name, s, e)
            continue
        supp["questionnaire", r.get("url")] = r
        supp["questionnaire", r.get("url") + "|" + r.get("version", "")] = r
    visit = Visit(Definitions(spec, canonical=canonical), Questions(supp), resource, resource)
    if not found:
        f = {"QuestionnaireResponse": response_findings, "Questionnaire": condition_findings}.get(
            resource["resourceType"]
        )
        if f and (x := f(resource, visit)):
            found = issues_of(resource["resourceType"], x)
    return [issue for issue in found if issue.severity == "error"]
