"""A second opinion on what the mapping makes: fhir.resources, an independent model of R4B."""

from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_server.fhir import json

EXAMPLES = Path(__file__).parents[3] / "mappings" / "decision_4750" / "examples"
BUNDLES = sorted(EXAMPLES.glob("*/bundle.json"))


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.parent.name)
def test_every_golden_resource_is_valid_for_an_independent_model(path):
    entries = json.parse_object(path.read_bytes())["entry"]
    assert entries
    for entry in entries:
        model = get_fhir_model_class(entry["resource"]["resourceType"])
        model.model_validate_json(json.dump(entry["resource"]))
