"""fhir-server quality against a server that is played."""

import httpx2
import pytest
import typer
from typer.testing import CliRunner

from fhir_server.cli.quality import quality

app = typer.Typer()
app.command()(quality)

FIELD = {"name": "field", "valueCoding": {"code": "21", "display": "Tiêm chủng"}}
FILLED = [
    {"name": "profile", "valueCode": "skdt-46"},
    {"name": "share", "valueDecimal": 0.875},
    {"name": "missing", "part": [FIELD, {"name": "visits", "valueInteger": 3}]},
]
ROW = [
    {"name": "facility", "valueIdentifier": {"value": "99001"}},
    {"name": "day", "valueDate": "2026-11-28"},
    {"name": "visits", "valueInteger": 3},
    {"name": "refused", "valueInteger": 1},
    {"name": "issues-per-thousand", "valueDecimal": 250.0},
    {"name": "repeated", "valueInteger": 0},
    {"name": "doubled", "valueInteger": 0},
    {"name": "completeness", "part": FILLED},
]


@pytest.fixture
def play(monkeypatch):
    asked = []

    def played(status, body):
        def answer(request):
            asked.append(request.url)
            return httpx2.Response(status, json=body)

        transport = httpx2.MockTransport(answer)
        real = httpx2.Client
        monkeypatch.setattr(
            httpx2,
            "Client",
            lambda *args, **given: real(*args, **{**given, "transport": transport}),
        )
        return asked

    return played


def test_the_table_has_a_row_for_each_facility_and_names_what_is_missing(play):
    asked = play(200, {"resourceType": "Parameters", "parameter": [{"name": "row", "part": ROW}]})
    result = CliRunner().invoke(app, ["--facility", "99001"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert "99001" in result.output
    assert "87.5 %" in result.output
    assert "3  21 Tiêm chủng" in result.output
    assert dict(asked[0].params) == {"facility": "99001"}


def test_no_arrivals_are_told_as_such(play):
    play(200, {"resourceType": "Parameters"})
    assert "Nothing arrived" in CliRunner().invoke(app, []).output


def test_a_refusal_is_told_and_ends_with_1(play):
    play(400, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "from is no day."}]})
    result = CliRunner().invoke(app, ["--from", "x"])
    assert result.exit_code == 1
    assert "from is no day." in result.output
