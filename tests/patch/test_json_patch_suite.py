"""The public suite json-patch-test-suite: every case of it, where it was fetched."""

import json as standard
from pathlib import Path

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError
from fhir_server.patch import json_patch
from fhir_server.patch.json_patch import same

FOLDER = Path(__file__).parents[2] / ".cache/json-patch-tests/package"
FILES = ("tests.json", "spec_tests.json")


class Pairs(list):
    """An object with its keys as they stand in the file, some of them twice."""


def written(value):
    """Give the JSON text of a value, repeated keys and all."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{written(key)}:{written(inner)}" for key, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(inner) for inner in value) + "]"
    return standard.dumps(value)


def cases():
    if not FOLDER.exists():
        why = "no npm: scripts/fetch-json-patch-tests .cache/json-patch-tests has not run"
        return [pytest.param({}, marks=pytest.mark.skip(reason=why), id="json-patch-test-suite")]
    return [
        pytest.param(dict(case), id=f"{file}-{place}-{dict(case).get('comment', '')[:60]}")
        for file in FILES
        for place, case in enumerate(
            standard.loads((FOLDER / file).read_bytes(), object_pairs_hook=Pairs)
        )
    ]


def parsed(value):
    return json.parse(written(value).encode())


@pytest.mark.parametrize("case", cases())
def test_a_case_of_the_public_suite_passes(case):
    document = parsed(case["doc"])
    before = json.dump(document)
    if "error" in case:
        with pytest.raises(FhirError):
            json_patch.run(json_patch.read(parsed(case["patch"])), document)
    else:
        found = json_patch.run(json_patch.read(parsed(case["patch"])), document)
        assert same(found, parsed(case["expected"])) if "expected" in case else True
    assert json.dump(document) == before
