"""The table of moves is complete, agrees with the code systems, and is what the page shows."""

import re
from pathlib import Path

import pytest

from extensions.judicial_record.dossier import lifecycle
from extensions.judicial_record.dossier.application import ROWS
from extensions.judicial_record.dossier.lifecycle import MOVES, OPERATIONS, STATES, published, step
from fhir_server.fhir import json
from fhir_server.fhir.errors import Conflict, Forbidden

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "extensions/judicial_record/definitions"
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| `([^`]+)` \| (yes)? ?\|$", re.MULTILINE)
PAGE = (ROOT / "docs/dossier.md").read_text("utf-8")


def concepts(name):
    return json.parse_object((FOLDER / f"CodeSystem-{name}.json").read_bytes())["concept"]


def test_the_page_shows_the_table():
    [drawing] = re.findall(r"```mermaid\n(.*?)\n```", PAGE, re.DOTALL)
    assert drawing == lifecycle.drawing()
    rows = ROW.findall(PAGE)
    told = {code: (name, vi, status, bool(runs)) for code, name, vi, status, runs in rows}
    assert told == {
        code: (one.name, one.vietnamese, one.status, one.runs) for code, one in STATES.items()
    }
    for name in OPERATIONS:
        [who] = re.findall(rf"^\| \[`\${name}`\]\([^)]+\) \| (.*) \|$", PAGE, re.MULTILINE)
        assert set(who.split(", ")) == {w for m in MOVES if m.operation == name for w in m.who}


def test_the_states_are_those_of_the_code_systems():
    states = {one["code"]: one for one in concepts("dossier-state")}
    assert {published(code) for code in STATES} == set(states)
    for code, state in STATES.items():
        [status] = [one["valueCode"] for one in states[published(code)]["property"]]
        assert state.status == status
        if not step(code):
            assert states[code]["designation"][0]["value"] == state.vietnamese
    steps = {one["code"] for one in concepts("dossier-step")}
    assert steps == {step(code) for code in STATES if step(code)} | {"ended"}


def test_the_codes_of_an_application_are_those_of_the_code_systems():
    for name, system in (("purpose", "purpose"), ("agent-role", "agent-role")):
        assert set(ROWS[name].codes) <= {one["code"] for one in concepts(system)}
    documents = {one["code"] for one in concepts("identity-document-type")}
    assert set(ROWS["identity-document"].codes) == documents
    assert set(ROWS["agent-document"].codes) <= documents
    assert set(ROWS) <= {one["code"] for one in concepts("dossier-input")}
    assert set(OPERATIONS) <= {one["code"] for one in concepts("dossier-operation")}


def test_every_state_is_reached_and_every_source_is_a_state():
    assert {to for row in MOVES for to in row.to} | {"draft"} == set(STATES)
    assert {source for row in MOVES for source in row.sources} <= set(STATES)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("role", ["holder", "client", "officer"])
def test_a_role_moves_only_from_the_states_and_by_the_operations_of_its_rows(operation, role):
    known = {role, "signer"} if role == "officer" else {role}
    rows = [row for row in MOVES if row.operation == operation and known & set(row.who)]
    for state in STATES:
        if any(state in row.sources for row in rows):
            assert operation in lifecycle.allowed(state, role)
            assert state in lifecycle.move(state, operation, role).sources
            continue
        assert operation not in lifecycle.allowed(state, role)
        with pytest.raises(Conflict if rows else Forbidden) as failure:
            lifecycle.move(state, operation, role)
        if rows:
            assert f"state {published(state)}" in str(failure.value)
            assert all(f"${one}" in str(failure.value) for one in lifecycle.allowed(state, role))


def test_an_applicant_is_not_told_the_step_of_the_work():
    for state in STATES:
        if step(state):
            with pytest.raises(Conflict) as failure:
                lifecycle.move(state, "pay", "client")
            assert step(state) not in str(failure.value)


def test_what_withdraws_tells_nothing_of_what_was_found():
    found = [code for code in STATES if step(code) and step(code) != "signing"]
    assert len({tuple(lifecycle.allowed(code, "holder")) for code in found}) == 1
