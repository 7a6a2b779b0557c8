"""Bad resources of every profile, as rows of data: each is caught, where the fault is."""

import json
from pathlib import Path

import pytest

from fhir_server.patch import json_patch

FILES = sorted((Path(__file__).parent / "bad").glob("*.json"))
SHEETS = {path.stem: json.loads(path.read_text("utf-8")) for path in FILES}
ROWS = [(name, row) for name, sheet in SHEETS.items() for row in sheet["bad"]]


@pytest.mark.parametrize("name", SHEETS)
def test_the_good_resource_is_good(name, judge):
    assert [one for one in judge(SHEETS[name]["good"]) if one.severity == "error"] == []


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}: {row['why']}" for name, row in ROWS])
def test_a_bad_resource_is_caught_where_the_fault_is(name, row, judge):
    resource = json_patch.run(json_patch.read(row["patch"]), SHEETS[name]["good"])
    severity = row.get("severity", "error")
    told = [one for one in judge(resource) if one.severity == severity]
    assert (row["expression"], row["code"]) in [(one.expression, one.code) for one in told]
