"""R4's own invariants: every one compiles, and no official example breaks any."""

from pathlib import Path

import pytest

from fhir_server.fhir import json as fhir_json
from fhir_server.fhirpath.language import Environment, compile_expression
from fhir_server.fhirpath.language.navigation import children

EXAMPLES = sorted((Path(__file__).parents[2] / "conformance" / "r4_examples").glob("*.json"))


def invariants(model):
    return {
        (path, one.key): one
        for structure in model.by_name.values()
        for path, rules in structure.invariants.items()
        for one in rules
    }


def test_every_invariant_of_r4_compiles(model):
    expressions = [compile_expression(model, one.expression) for one in invariants(model).values()]
    assert len(expressions) > 200


# Where R4's rules speak of elements their place does not have.
ASTRAY = {
    "ChargeItemDefinition cid-0": "ChargeItemDefinition has a title, no name",
    "RiskAssessment.prediction.probability ras-1": "the rule of the Range it may be",
}


def test_every_invariant_fits_the_types_it_is_of(model):
    astray = set()
    for (path, key), one in invariants(model).items():
        parent, _, name = path.rpartition(".")
        members = model.members(parent, name) if parent else ()
        for content in {member.content for member in members} or {path}:
            try:
                compile_expression(model, one.expression, content)
            except ValueError:
                astray.add(f"{path} {key}")
    assert astray == set(ASTRAY)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_official_example_keeps_every_invariant(model, path):
    resource = fhir_json.parse_object(path.read_bytes())
    root = (resource["resourceType"], resource, None)
    environment = Environment(resource=root, root=root)
    broken = {
        (one.key, one.expression)
        for item in elements(model, root)
        for one in model.invariants(item[0])
        if not one.warning
        and not compile_expression(model, one.expression).holds(item, environment)
    }
    assert not broken


def elements(model, root):
    step = children(model)
    waiting = [root]
    while waiting:
        item = waiting.pop()
        yield item
        waiting += [inner for inner in step(item, None) if not is_resource(inner[1])]


def is_resource(value):
    """A contained resource has another %resource."""
    return isinstance(value, dict) and "resourceType" in value
