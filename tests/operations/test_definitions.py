"""Each operation of ours has an OperationDefinition that says what the route table says.

HL7's own operations are defined by HL7.
"""

from pathlib import Path

import pytest

from fhir_server.fhir import json
from fhir_server.main import plugins
from fhir_server.operations import OPERATIONS
from fhir_server.settings import Settings
from fhir_server.validation.structure import structural_issues

FOLDER = Path(__file__).parents[2] / "profiles/server"
EVERY = [*OPERATIONS, *(one for guest in plugins(Settings()) for one in guest.operations)]
HL7 = "http://hl7.org/fhir/OperationDefinition/"
OURS = [one for one in EVERY if not one.definition.startswith(HL7)]
STANDARD = [one for one in EVERY if one.definition.startswith(HL7)]


def definition(operation):
    name = operation.definition.rpartition("/")[2]
    return json.parse_object((FOLDER / f"OperationDefinition-{name}.json").read_bytes())


def called(operation):
    return f"{operation.level}-{operation.name}"


@pytest.mark.parametrize("operation", OURS, ids=called)
def test_a_definition_says_what_the_route_table_says(operation):
    told = definition(operation)
    assert told["url"] == operation.definition
    assert told["code"] == operation.name
    assert told["affectsState"] == operation.affects_state
    assert tuple(told.get("resource", ())) == operation.types
    levels = [level for level in ("system", "type", "instance") if told[level]]
    assert levels == [operation.level]


@pytest.mark.parametrize("operation", OURS, ids=called)
def test_a_definition_is_well_made(operation, spec):
    assert structural_issues(spec, definition(operation)) == []


@pytest.mark.parametrize("operation", STANDARD, ids=called)
def test_a_standard_operation_has_the_address_hl7_gave_it(operation):
    type_, _, name = operation.definition.removeprefix(HL7).partition("-")
    assert name == operation.name
    assert operation.types in ((type_,), ())
