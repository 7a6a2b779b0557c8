"""Extensions: by their definitions, in their contexts, known or not, wherever they stand."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.fhir.errors import Issue
from fhir_server.validation.findings import Definitions, Visit, issues_of
from fhir_server.validation.profiles.claims import claimed_findings
from fhir_server.validation.profiles.walk import Strictness
from fhir_server.validation.questions import Questions
from tests.validation.profiles.conftest import CORE, definition, parsed

BIRTH_PLACE = f"{CORE}patient-birthPlace"
NATIONALITY = f"{CORE}patient-nationality"
MINE = "http://example.net/e"
Claimed = Callable[..., list[Issue]]


def extension(url: str = MINE, **more: Any) -> dict[str, Any]:
    return {"url": url, **more}


def defined(*contexts: tuple[str, str], url: str = MINE, **more: Any) -> dict[str, Any]:
    root = {"path": "", "min": 0, "max": "*", **({"isModifier": True} if "mod" in url else {})}
    return definition(
        "Extension",
        root,
        {"path": "url", "fixedUri": url},
        {"path": "value[x]", "min": 1, "type": [{"code": "string"}]},
        url=url,
        context=[{"type": kind, "expression": where} for kind, where in contexts],
        **more,
    )


@pytest.fixture
def claimed(spec) -> Claimed:
    def claim(
        resource: dict[str, Any], *known: dict[str, Any], strict: Strictness | None = None
    ) -> list[Issue]:
        by_url = {one["url"]: parsed(one) for one in known}
        given = parsed(resource)
        visit = Visit(Definitions(spec, profile=by_url.get), Questions(), given, given)
        return issues_of(
            resource["resourceType"], claimed_findings(visit, (), strict or Strictness())
        )

    return claim


def places(issues: list[Issue]) -> list[tuple[str, str]]:
    return [(issue.severity, issue.expression) for issue in issues]


def patient(*extensions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "extension": list(extensions), **more}


def test_an_extension_is_checked_by_its_definition_without_any_profile(claimed):
    assert not claimed(patient(extension(BIRTH_PLACE, valueAddress={"city": "Huế"})))
    found = claimed(patient(extension(BIRTH_PLACE, valueString="Huế")))
    assert places(found) == [("error", "Patient.extension[0].value")]
    found = claimed(patient(extension(BIRTH_PLACE)))
    assert places(found) == [("error", "Patient.extension[0].value")]


def test_extensions_of_an_extension_are_its_slices(claimed):
    code = extension("code", valueCodeableConcept={"text": "x"})
    assert not claimed(patient(extension(NATIONALITY, extension=[code])))
    wrong = extension("code", valueString="x")
    found = claimed(patient(extension(NATIONALITY, extension=[wrong])))
    assert places(found) == [("error", "Patient.extension[0].extension[0].value")]
    found = claimed(patient(extension(NATIONALITY, extension=[code, code])))
    assert places(found) == [("error", "Patient.extension[0].extension")]


def test_an_extension_is_found_wherever_it_stands(claimed):
    bad = [extension(BIRTH_PLACE, valueString="x")]
    resource = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "contained": [{"resourceType": "Patient", "id": "c", "extension": bad}],
                    "name": [{"given": ["x"], "_given": [{"extension": bad}]}],
                }
            }
        ],
    }
    found = {place for _, place in places(claimed(resource))}
    assert "Bundle.entry[0].resource.contained[0].extension[0].value" in found
    assert "Bundle.entry[0].resource.name[0].given[0].extension[0].value" in found


# (context, where the extension stands, whether it may)
CONTEXTS = [
    (("element", "Patient"), "root", True),
    (("element", "DomainResource"), "root", True),
    (("element", "Resource"), "root", True),
    (("element", "Observation"), "root", False),
    (("element", "Element"), "name", True),
    (("element", "Patient.name"), "name", True),
    (("element", "HumanName"), "name", True),
    (("element", "Patient.contact"), "name", False),
    (("element", "HumanName.family"), "family", True),
    (("element", "Patient.name.family"), "family", True),
    (("element", "string"), "family", True),
    (("element", "code"), "family", False),
    (("element", "Patient.contact"), "contact", True),
    (("element", "BackboneElement"), "contact", True),
    (("extension", BIRTH_PLACE), "root", False),
    (("extension", "http://example.org/outer"), "extension", True),
    (("fhirpath", "Patient.name.where(family = 'x')"), "name", True),
    (("fhirpath", "Patient.name.where(family = 'y')"), "name", False),
    (("fhirpath", "("), "name", False),
]


@pytest.mark.parametrize(("context", "where", "may"), CONTEXTS)
def test_an_extension_stands_where_its_definition_lets_it(claimed, context, where, may):
    mine = [extension(valueString="v")]
    name = {"family": "x", **({"extension": mine} if where == "name" else {})}
    if where == "family":
        name["_family"] = {"extension": mine}
    resource = {"resourceType": "Patient", "name": [name], "contact": [{"name": {"text": "c"}}]}
    if where == "root":
        resource["extension"] = mine
    if where == "contact":
        resource["contact"][0]["extension"] = mine
    if where == "extension":
        resource["extension"] = [extension("http://example.org/outer", extension=mine)]
    errors = [one for one in claimed(resource, defined(context)) if one.severity == "error"]
    assert bool(errors) != may


def test_the_rule_of_a_context_is_asked_of_the_element_it_stands_on(claimed):
    mine = defined(("element", "Patient"), contextInvariant=["active = true"])
    value = extension(valueString="v")
    assert not claimed(patient(value, active=True), mine)
    assert places(claimed(patient(value, active=False), mine)) == [
        ("error", "Patient.extension[0]")
    ]


def test_an_unknown_extension_is_told_and_refused_where_that_is_set(claimed):
    resource = patient(extension(valueString="v"))
    assert places(claimed(resource)) == [("information", "Patient.extension[0].url")]
    strict = Strictness(unknown_extension="refuse")
    assert places(claimed(resource, strict=strict)) == [("error", "Patient.extension[0].url")]


def test_an_extension_r4_does_not_define_under_its_own_address_is_an_error(claimed):
    found = claimed(patient(extension(f"{CORE}patient-wheels", valueString="v")))
    assert places(found) == [("error", "Patient.extension[0].url")]


def test_what_changes_the_meaning_stands_under_modifier_extension(claimed):
    url = "http://example.org/mod"
    mine = defined(("element", "Element"), ("element", "Patient"), url=url)
    value = extension(url, valueString="v")
    assert places(claimed(patient(value), mine)) == [("error", "Patient.extension[0]")]
    assert not claimed({"resourceType": "Patient", "modifierExtension": [value]}, mine)
    unknown = {"resourceType": "Patient", "modifierExtension": [extension(valueString="v")]}
    assert places(claimed(unknown)) == [("warning", "Patient.modifierExtension[0].url")]


def test_the_url_of_what_is_no_extension_is_an_error(claimed):
    found = claimed(patient(extension(f"{CORE}Patient", valueString="v")))
    assert places(found) == [("error", "Patient.extension[0].url")]
