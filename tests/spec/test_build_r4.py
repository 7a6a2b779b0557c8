"""profiles/r4 is what the build script writes, and nothing else."""

import json
from pathlib import Path

from fhir_server.spec.pack import Pack

R4 = Path(__file__).resolve().parents[2] / "profiles" / "r4"


def test_the_tables_hold_one_line_for_each_entry():
    for name, entries in (
        ("structures.json", 209),
        ("search_params.json", 1387),
        ("compartments.json", 5),
        ("codes.json", 213),
    ):
        lines = (R4 / name).read_text(encoding="utf-8").splitlines()
        assert len(json.loads("".join(lines))) == entries
        assert len(lines) == entries + 2


def test_the_terminology_is_all_there_with_its_displays():
    packed = Pack(R4 / "terminology.pack")
    sizes = {
        type_: len(list(packed.urls(type_))) for type_ in ("CodeSystem", "ValueSet", "ConceptMap")
    }
    assert sizes == {"CodeSystem": 1060, "ValueSet": 1315, "ConceptMap": 80}
    (gender,) = packed.find("CodeSystem", "http://hl7.org/fhir/administrative-gender")
    assert gender["concept"][0] == {"code": "male", "display": "Male", "definition": "Male."}


def test_the_definitions_of_types_profiles_and_extensions_are_all_there():
    assert len(list(Pack(R4 / "definitions.pack").urls("StructureDefinition"))) == 648


def test_a_system_whose_value_set_is_missing_gets_it():
    (whole,) = Pack(R4 / "terminology.pack").find(
        "ValueSet", "http://hl7.org/fhir/ValueSet/restful-interaction"
    )
    assert whole["compose"] == {"include": [{"system": "http://hl7.org/fhir/restful-interaction"}]}


def test_the_value_sets_that_cannot_be_listed_are_named_in_the_readme():
    codes = json.loads((R4 / "codes.json").read_bytes())
    readme = (R4 / "README.md").read_text(encoding="utf-8")
    missing = [url.rpartition("/")[2] for url, listed in codes.items() if listed is None]
    assert missing == ["currencies", "mimetypes"]
    assert all(f"`{name}`" in readme for name in missing)


def test_elements_inherited_from_a_base_are_written_once():
    text = (R4 / "structures.json").read_text(encoding="utf-8")
    assert text.count('"name":"implicitRules"') == 1
