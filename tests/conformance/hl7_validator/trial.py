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
    return [issue for issue in structural_issues(spec, resource) if issue.severity == "error"]
