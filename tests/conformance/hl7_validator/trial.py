"""One case tried: the file read by this server's own codecs, and what its validation says of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Issue
from fhir_server.interactions.judging import definitions
from fhir_server.spec.spec import Spec
from fhir_server.spec.xml import from_xml
from fhir_server.validation.profiles.walk import Strictness
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import issues
from tests.conformance.hl7_validator.cases import Case
from tests.conformance.hl7_validator.library import Library

Json: TypeAlias = dict[str, Any]

MARK = b"\xef\xbb\xbf"
# As the Java validator ran: an extension that is not known is an error.
UNKNOWN = "is not known here"
EXAMPLES = ("http://example.org", "http://acme.com")
STRICT = Strictness(unknown_profile="warn", unknown_extension="refuse")


def errors(spec: Spec, case: Case) -> list[Issue]:
    """Give the errors this server finds in a case."""
    brought = dict(supporting(spec, case))
    followed = "validateReference" in case.options
    read = partial(named, spec, case)
    library = Library(spec.canonicals, [*brought.values()], read, followed=followed)
    known = replace(definitions(spec), profile=library.profile)
    try:
        resource = load(spec, case.file)
        profiles = [*asked(case, resource, brought)]
        found = issues(known, resource, profiles, Questions(library), STRICT)
    except FhirError as fault:
        return list(fault.issues)
    return [one for one in found if _counts(one, case)]


def asked(case: Case, resource: Json, brought: Mapping[str, Json]) -> Iterator[str]:
    """Give the profiles a resource has to meet: the case's, and those a guide has for its type."""
    if case.profile:
        yield brought[case.profile]["url"] if case.profile in brought else case.profile
    guides = (one for one in brought.values() if one["resourceType"] == "ImplementationGuide")
    for rule in (rule for guide in guides for rule in guide.get("global", ())):
        if rule["type"] == resource.get("resourceType"):
            yield rule["profile"]


def _counts(issue: Issue, case: Case) -> bool:
    """Say whether an issue is an error, as the Java validator was set.

    It was: a profile that is not known, if a profile names it and not the resource; an extension
    that is not known, if it is no example's.
    """
    told = issue.diagnostics
    if UNKNOWN not in told:
        return issue.severity == "error"
    if told.startswith("the profile "):
        return ".meta.profile[" not in issue.expression
    domains = (*EXAMPLES, case.options.get("allowed-extension-domain", EXAMPLES[0]))
    return issue.severity == "error" and not any(f" {one}" in told for one in domains)


def named(spec: Spec, case: Case, id_: str) -> Json | None:
    """Give the resource in the file with this name."""
    files = (case.folder / f"{id_}{suffix}" for suffix in (".xml", ".json"))
    return next((load(spec, file) for file in files if file.exists()), None)


def load(spec: Spec, file: Path) -> Json:
    """Give the resource in a file; FhirError as the codecs raise it."""
    body = file.read_bytes().removeprefix(MARK)
    if file.suffix == ".xml":
        return from_xml(spec.structures, body)
    return json.parse_object(body)


def supporting(spec: Spec, case: Case) -> Iterator[tuple[str, Json]]:
    """Give the resources a case brings along, by their file names; what cannot be read is none."""
    for name in dict.fromkeys(case.supporting):
        try:
            yield name, load(spec, case.folder / name)
        except (FhirError, FileNotFoundError):
            continue
