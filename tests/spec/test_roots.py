"""A parameter is skipped for a resource that has none of its root keys: nothing may be lost."""

from pathlib import Path

import pytest

from fhir_server.fhir import json
from tests.spec.values import values

EXAMPLES = sorted((Path(__file__).parents[1] / "conformance" / "r4_examples").glob("*.json"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_parameter_that_has_a_value_has_one_of_its_roots(spec, path):
    resource = json.parse_object(path.read_bytes())
    for param in spec.search_params(resource["resourceType"]).values():
        if param.roots and values(param, resource):
            assert set(param.roots) & resource.keys(), param.code


def test_a_negation_is_asked_of_every_resource(spec):
    assert spec.search_params("Patient")["deceased"].roots == ()
