"""A part of an official example is still a well-made resource."""

from pathlib import Path

import pytest

from fhir_server.fhir import json
from fhir_server.search.project import Subset, cut, in_bundle
from fhir_server.validation.structure import structural_issues

EXAMPLES = sorted((Path(__file__).parent / "r4_examples").glob("*.json"))
PARTS = [Subset("true"), Subset("text"), Subset("data"), Subset(elements={"": frozenset({"id"})})]


def test_there_are_examples():
    assert len(EXAMPLES) > 100


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_part_of_an_example_is_well_made(spec, path):
    example = json.parse(path.read_bytes())
    before = json.dump(example)
    for part in PARTS:
        left = cut(spec.structures, example, part)
        assert structural_issues(spec, left) == []
        assert json.dump(json.reload(json.dump(left))) == json.dump(left)
        in_bundle(spec.structures, {"type": "searchset", "entry": [{"resource": example}]}, part)
    assert json.dump(example) == before
