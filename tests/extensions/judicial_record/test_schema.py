"""The published JSON Schema is the one the definition gives, and judges as the validator does."""

import pytest
from jsonschema import Draft202012Validator

from fhir_server.fhir.json import parse
from fhir_server.validation.structure import structural_issues
from scripts.build_json_schema import TARGET, text
from tests.extensions.judicial_record.certificates import SPEC, certificate, form_2
from tests.validation.test_json_schema import mutants

SCHEMA = parse(TARGET.read_bytes())


def test_the_file_is_what_the_definition_gives():
    assert TARGET.read_text("utf-8") == text(), "run: python scripts/build_json_schema.py"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("whole", [certificate(), form_2()], ids=["form-1", "form-2"])
def test_the_schema_judges_as_the_validator_does(whole):
    schema = Draft202012Validator(SCHEMA)
    assert schema.is_valid(whole)
    refused = 0
    for mutant in mutants(whole):
        taken = structural_issues(SPEC, mutant) == []
        assert schema.is_valid(mutant) == taken, mutant
        refused += not taken
    assert refused > 500
