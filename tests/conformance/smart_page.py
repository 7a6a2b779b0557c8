"""The page of SMART's requirements: what each asks, and the test that holds it, or why none.

Ids are those of the Inferno SMART App Launch Test Kit's list (Apache-2.0), set 2.2.0: every SHALL
and SHALL NOT with the server as actor. The words are our own.
"""

import ast
import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROWS = HERE / "smart" / "requirements.json"
PAGE = ROOT / "docs" / "conformance-smart.md"

HEAD = """\
# SMART App Launch 2.2: what is required of a server

Every SHALL and SHALL NOT of [SMART App Launch 2.2](https://hl7.org/fhir/smart-app-launch/STU2.2/)
with the server as actor, Backend Services (the authorization part of Bulk Data) included, with the
test that holds it, or the reason it does not apply. The numbers are those of the requirement list
of the Inferno SMART App Launch Test Kit (Apache-2.0, repository
inferno-framework/smart-app-launch-test-kit), set `hl7.fhir.uv.smart-app-launch_2.2.0`; the words
are ours. `pytest tests/conformance/test_smart.py` fails where a named test is not there; this page
is written by `make docs`.

{counts}

| No. | Required | Held by |
|---|---|---|
"""


class Row(NamedTuple):
    """One requirement: `test` is `path::name`, or `reason` says why none is needed."""

    id: int
    what: str
    test: str = ""
    reason: str = ""


def rows() -> list[Row]:
    """Give the requirements in their order."""
    return [Row(**row) for row in json.loads(ROWS.read_bytes())]


@cache
def functions_in(path: str) -> frozenset[str]:
    """Give the names of a file's test functions."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def page() -> str:
    """Give the page."""
    told = rows()
    held = sum(bool(row.test) for row in told)
    counts = (
        f"**{len(told)} requirements: {held} held by a test, {len(told) - held} do not apply.**"
    )
    return HEAD.format(counts=counts) + "".join(map(_line, told))


def _line(row: Row) -> str:
    path, _, name = row.test.partition("::")
    by = f"[`{name}`](../{path})" if name else row.reason
    return f"| {row.id} | {row.what} | {by} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
