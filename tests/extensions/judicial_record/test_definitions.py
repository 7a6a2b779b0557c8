"""The definitions: they load, they are well made, and say everything in two languages."""

import pytest

from fhir_server.fhir.json import parse
from fhir_server.validation.structure import structural_issues
from tests.extensions.judicial_record.certificates import ELEMENTS, FOLDER, LEGAL, SPEC, TYPE

# R4 binds these to its own types.
TYPE_NAMES = {"SearchParameter.base[0]", "OperationDefinition.resource[0]"}
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
DEFINITIONS = {path.name: parse(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}


def of_type(name):
    return {key: one for key, one in DEFINITIONS.items() if one["resourceType"] == name}


def test_every_search_parameter_of_every_type_compiles():
    assert SPEC.check() > 3000
    own = {code for code in SPEC.search_params(TYPE) if code[0] != "_"}
    assert own == {"identifier", "status", "form", "subject", "issuer", "issued", "request"}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_well_made(name):
    found = structural_issues(SPEC, DEFINITIONS[name])
    assert {one.expression for one in found} <= TYPE_NAMES
    assert name == f"{DEFINITIONS[name]['resourceType']}-{DEFINITIONS[name]['id']}.json"


def test_every_element_is_described_in_english_and_vietnamese():
    for element in ELEMENTS:
        for name in ("short", "definition"):
            [translation] = element[f"_{name}"]["extension"]
            assert translation["url"] == TRANSLATION, element["path"]
            language, content = translation["extension"]
            assert (language["valueCode"], element[name] != content["valueString"]) == ("vi", True)


def test_every_code_has_a_vietnamese_name():
    for system in of_type("CodeSystem").values():
        concepts = system.get("concept", [])
        assert len(concepts) == system.get("count", len(concepts))
        for concept in concepts:
            [designation] = concept["designation"]
            assert designation["language"] == "vi", concept


def test_every_list_has_a_value_set_and_every_binding_names_one_that_is_known():
    sets = {one["url"] for one in of_type("ValueSet").values()}
    named = {one["valueSet"] for one in of_type("CodeSystem").values() if "valueSet" in one}
    assert named == sets
    bound = {one["binding"]["valueSet"] for one in ELEMENTS if "binding" in one}
    assert {one for one in bound if one.startswith(LEGAL)} <= sets
    required = [one for one in ELEMENTS if one.get("binding", {}).get("strength") == "required"]
    assert all(SPEC.codes(one["binding"]["valueSet"]) for one in required)


def test_the_modifiers_are_what_changes_the_meaning_of_the_rest():
    modifiers = {one["path"] for one in ELEMENTS if one.get("isModifier")}
    assert modifiers == {f"{TYPE}.status", f"{TYPE}.form"}
