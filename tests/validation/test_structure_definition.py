"""A profile says only what its base allows to be said."""

import pytest

from fhir_server.validation.findings import Definitions, Visit
from fhir_server.validation.questions import Questions
from fhir_server.validation.structure_definition import definition_findings

CORE = "http://hl7.org/fhir/StructureDefinition/"


def profile(*elements, base="Patient", type_="Patient", url="http://example.org/p"):
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "type": type_,
        "kind": "resource",
        "abstract": False,
        "derivation": "constraint",
        "baseDefinition": base if ":" in base else f"{CORE}{base}",
        "differential": {"element": [{"id": one["path"], **one} for one in elements]},
    }


def found(spec, definition, *others):
    def known(canonical):
        brought = [one for one in others if one["url"] == canonical]
        return next(iter([*brought, *spec.canonicals.find("StructureDefinition", canonical)]), None)

    visit = Visit(Definitions(spec, profile=known), Questions(), definition, definition)
    findings = definition_findings(definition, visit) or ()
    assert all(severity == "error" and told for _, severity, _, told in findings)
    return [place for place, _, _, _ in findings]


def discriminator(path):
    return {"rules": "open", "discriminator": [{"type": "value", "path": path}]}


GOOD = [
    {"path": "Patient.name", "min": 1},
    {"path": "Patient.name.family", "min": 1},
    {"path": "Patient.identifier", "slicing": discriminator("system")},
    {"path": "Patient.extension", "slicing": discriminator("url")},
    {"path": "Patient.contact", "slicing": discriminator("relationship.coding.code")},
    {"path": "Patient.telecom", "slicing": discriminator("$this")},
    {"path": "Patient.link", "slicing": discriminator("other.resolve()")},
    {"path": "Patient.deceased[x]", "slicing": discriminator("$this")},
    {
        "path": "Patient.extension",
        "type": [{"code": "Extension", "profile": [f"{CORE}geolocation"]}],
    },
]
BAD = [
    (
        {"path": "Patient.identifier", "slicing": discriminator("family")},
        ".differential.element[0].slicing.discriminator[0].path",
    ),
    (
        {"path": "Patient.name", "type": [{"code": "HumanName", "profile": [f"{CORE}Address"]}]},
        ".differential.element[0].type[0].profile[0]",
    ),
]


@pytest.mark.parametrize("element", GOOD)
def test_a_profile_may_constrain_what_is_there(spec, element):
    assert found(spec, profile(element)) == []


@pytest.mark.parametrize(("element", "place"), BAD)
def test_what_its_base_does_not_have_is_an_error(spec, element, place):
    assert found(spec, profile(element)) == [place]


def test_a_fixed_value_is_not_fixed_again_to_another(spec):
    base = profile({"path": "Patient.gender", "fixedCode": "male"}, url="http://example.org/b")
    again = {"path": "Patient.gender", "fixedCode": "male"}
    assert found(spec, profile(again, base=base["url"]), base) == []
    other = {**again, "fixedCode": "female"}
    place = ".differential.element[0].fixedCode"
    assert found(spec, profile(other, base=base["url"]), base) == [place]


def test_a_profile_of_an_unknown_base_is_not_compared(spec):
    assert found(spec, profile({"path": "Patient.nome"}, base="http://example.org/x")) == []


def test_a_type_of_its_own_constrains_nothing(spec):
    own = profile({"path": "Patient.nome"}) | {"derivation": "specialization"}
    assert found(spec, own) == []
