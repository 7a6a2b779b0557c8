"""One case tried: the file read by this server's own codecs, and what its validation says of it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Issue
from fhir_server.spec.spec import Spec
from fhir_server.spec.xml import from_xml
from fhir_server.terminology.ucum import canonical
from fhir_server.validation.findings import Visit, issues_of
from fhir_server.validation.profiles.claims import claimed_findings
from fhir_server.validation.profiles.walk import Strictness
from fhir_server.validation.questions import Questions
from fhir_server.validation.structure import structural_issues
from fhir_server.validation.validator import Definitions, issues
from tests.conformance.hl7_validator.cases import Case
from tests.conformance.hl7_validator.library import Library

MARK = b"\xef\xbb\xbf"
# As the Java validator ran: what is not known is an error.
UNKNOWN = "is not known here"
EXAMPLES = ("http://example.org", "http://acme.com")
STRICT = Strictness(unknown_profile="refuse", unknown_extension="refuse")


def errors(spec: Spec, case: Case) -> list[Issue]:
    """Give the errors this server finds in a case."""
    brought = list(supporting(spec, case))
    library = Library(spec.canonicals, [one for _, one in brought], partial(named, spec, case))
    definitions = Definitions(spec, profile=library.profile, canonical=canonical)
    profiles = [resource["url"] for file, resource in brought if file == case.profile]
    try:
        resource = load(spec, case.file)
        questions = Questions(library)
        found = issues(definitions, resource, profiles, questions)
        if not structural_issues(spec, resource):
            visit = Visit(definitions, questions, resource, resource)
            said = claimed_findings(visit, profiles, STRICT)
            found += issues_of(resource["resourceType"], said)
    except FhirError as fault:
        return list(fault.issues)
    return [one for one in found if one.severity == "error" and not _let_pass(one, case)]


def _let_pass(issue: Issue, case: Case) -> bool:
    """Say whether Java lets pass what is not known: a profile claimed, an example's extension."""
    told = issue.diagnostics
    if UNKNOWN not in told:
        return False
    domains = (*EXAMPLES, case.options.get("allowed-extension-domain", EXAMPLES[0]))
    return ".meta.profile[" in issue.expression or any(f" {one}" in told for one in domains)


def named(spec: Spec, case: Case, id_: str) -> dict[str, Any] | None:
    """Give the resource in the file with this name, where the case says references are followed."""
    if "validateReference" not in case.options:
        return None
    files = (case.folder / f"{id_}{suffix}" for suffix in (".xml", ".json"))
    return next((load(spec, file) for file in files if file.exists()), None)


def load(spec: Spec, file: Path) -> dict[str, Any]:
    """Give the resource in a file; FhirError as the codecs raise it."""
    body = file.read_bytes().removeprefix(MARK)
    if file.suffix == ".xml":
        return from_xml(spec.structures, body)
    return json.parse_object(body)


def supporting(spec: Spec, case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the resources a case brings along, by their file names; what cannot be read is none."""
    for name in dict.fromkeys(case.supporting):
        try:
            yield name, load(spec, case.folder / name)
        except (FhirError, FileNotFoundError):
            continue
