"""Golden pairs: every folder of examples is an envelope and what becomes of it, to the digit."""

from pathlib import Path

import pytest

import mappings.decision_4750 as package
from fhir_server.fhir import json
from fhir_server.fhir.outcome import operation_outcome
from fhir_server.validation.structure import structural_issues
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.visit import Visit, read

EXAMPLES = sorted((Path(package.__file__).parent / "examples").iterdir())


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_envelope_becomes_what_stands_beside_it(folder, spec):
    (outcome,) = read((folder / "envelope.xml").read_bytes())
    told = {"outcome.json": operation_outcome(outcome.issues)} if outcome.issues else {}
    if isinstance(outcome, Visit):
        told["bundle.json"] = to_bundle(outcome)
        assert structural_issues(spec, told["bundle.json"]) == []
    found = {name: json.pretty(json.dump(value)) + b"\n" for name, value in told.items()}
    assert found == {path.name: path.read_bytes() for path in folder.glob("*.json")}
