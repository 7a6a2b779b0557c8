"""Claims: what a resource has to meet, by itself, by its type, by its codes, inside others."""

from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.interactions.judging import definitions as known_to
from fhir_server.validation.findings import Definitions, Visit
from fhir_server.validation.profiles.claims import (
    claimed_findings,
    nominated,
    profile_issues,
    wanted_profiles,
)
from fhir_server.validation.profiles.walk import Strictness
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import issues
from tests.validation.profiles.conftest import CORE, PROFILE, definition, parsed


def found(spec: Any, resource: dict[str, Any], *known: dict[str, Any], **more: Any) -> Any:
    by_url = {one["url"]: parsed(one) for one in known}
    given = parsed(resource)
    visit = Visit(Definitions(spec, profile=by_url.get), Questions(), given, given)
    return [(place, severity) for place, severity, _, _ in claimed_findings(visit, **more)]


def test_a_resource_has_to_meet_what_it_claims_and_what_its_type_requires():
    resource = {"resourceType": "Patient", "meta": {"profile": ["a", "b"]}}
    assert wanted_profiles(resource, {"Patient": ["b", "c"], "Group": ["d"]}) == ["a", "b", "c"]
    assert wanted_profiles({"resourceType": "Patient"}, {}) == []


def test_a_named_profile_that_cannot_be_looked_at_is_an_error():
    told = "the profile http://example.org/a is not known here, so it was not checked"
    unknown = Issue("not-found", told, "Patient", severity="warning")
    assert nominated(unknown, ["http://example.org/a"]).severity == "error"
    assert nominated(unknown, ["http://example.org/b"]) is unknown
    other = Issue("code-invalid", told, "Patient", severity="warning")
    assert nominated(other, ["http://example.org/a"]) is other


def test_claims_are_looked_at_in_resources_inside_others_too(spec):
    mine = definition("Patient", {"path": "name", "min": 1})
    inner = {"resourceType": "Patient", "id": "p", "meta": {"profile": [PROFILE]}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}]}
    group = {"resourceType": "Group", "contained": [inner], "type": "person", "actual": True}
    assert found(spec, inner, mine) == [(".name", "error")]
    assert found(spec, bundle, mine) == [(".entry[0].resource.name", "error")]
    assert found(spec, group, mine) == [(".contained[0].name", "error")]


def test_a_claim_that_cannot_be_looked_at_is_told_at_the_claim(spec):
    resource = {"resourceType": "Patient", "meta": {"profile": ["http://example.org/none"]}}
    assert found(spec, resource) == [(".meta.profile[0]", "warning")]
    strict = Strictness(unknown_profile="refuse")
    assert found(spec, resource, strict=strict) == [(".meta.profile[0]", "error")]


def test_a_profile_that_is_not_here_is_asked_for(spec):
    questions = Questions()
    resource = {"resourceType": "Patient"}
    definitions = Definitions(spec)
    (issue,) = profile_issues(definitions, PROFILE, resource, questions)
    assert issue.severity == "warning"
    assert questions.open == {("profile", PROFILE)}
    mine = parsed(definition("Patient", {"path": "name", "min": 1}))
    answered = Questions({("profile", PROFILE): mine})
    (issue,) = profile_issues(definitions, PROFILE, resource, answered)
    assert issue.expression == "Patient.name"


def test_a_profile_of_another_version_is_not_taken(spec):
    questions = Questions()
    url = f"{CORE}vitalsigns|9"
    profile_issues(Definitions(spec), url, {"resourceType": "Observation"}, questions)
    assert questions.open == {("profile", url)}


def test_a_profile_that_has_changed_is_compiled_again(spec):
    resource = {"resourceType": "Patient"}
    for minimum in (1, 0, 1):
        mine = definition("Patient", {"path": "name", "min": minimum})
        assert bool(found(spec, {**resource, "meta": {"profile": [PROFILE]}}, mine)) == bool(
            minimum
        )


def test_a_vital_sign_is_known_by_its_code(spec):
    code = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    places = [
        place
        for place, severity in found(
            spec, {"resourceType": "Observation", "status": "final", "code": code}
        )
        if severity == "error"
    ]
    assert ".subject" in places
    assert ".effective" in places


def test_the_profiles_r4_itself_names_for_elements_are_met(spec):
    low = {"value": 1, "comparator": "<"}
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "referenceRange": [{"low": low}],
    }
    assert (".referenceRange[0].low.comparator", "error") in found(spec, resource)


def test_a_profile_that_cannot_be_used_is_told_once(spec):
    stated = {"name": "X", "status": "draft", "abstract": False}
    bad = parsed(definition("Patient", {"path": "nome", "min": 1}, **stated))
    found = issues(known_to(spec), bad, (), Questions())
    told = [(one.severity, one.expression) for one in found if "nome" in one.diagnostics]
    assert told == [("error", "StructureDefinition.differential")]


def test_a_profile_that_is_built_on_itself_is_told_so_where_it_is_written(spec):
    stated = {"name": "X", "status": "draft", "abstract": False}
    bad = parsed(definition("Patient", {"path": "name", "min": 1}, **stated))
    bad["baseDefinition"] = bad["url"]
    found = issues(known_to(spec), bad, (), Questions())
    told = [(one.severity, one.expression) for one in found if "on itself" in one.diagnostics]
    assert told == [("warning", "StructureDefinition.baseDefinition")]
