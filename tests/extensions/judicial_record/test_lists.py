"""The lists name what the dossier writes: states, steps, operations, purposes, papers."""

import pytest

from extensions.judicial_record.certificate import issue
from extensions.judicial_record.certificate.disclosure import TABLE
from extensions.judicial_record.dossier import record, task
from extensions.judicial_record.dossier.application import ROWS
from extensions.judicial_record.dossier.lifecycle import OPERATIONS, STATES, published, step
from fhir_server.fhir.json import parse
from tests.extensions.judicial_record.certificates import FOLDER, SPEC

VALUE_SET = "http://fhir.hl7.org.vn/legal/ValueSet"


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("dossier-state", {published(state) for state in STATES}),
        ("dossier-step", {step(state) for state in STATES if step(state)} | {"ended"}),
        ("dossier-operation", {*OPERATIONS, "revoke", "propose-correction", "correct"}),
        ("dossier-task", {task.ISSUE, task.WORK, task.CORRECTION}),
        ("identity-document-type", set(ROWS["identity-document"].codes)),
    ],
)
def test_a_list_has_the_codes_the_dossier_writes_and_no_other(name, used):
    assert SPEC.codes(f"{VALUE_SET}/{name}") == used


def test_every_purpose_of_an_application_is_in_the_list():
    assert set(ROWS["purpose"].codes) <= (SPEC.codes(f"{VALUE_SET}/purpose") or set())


def test_the_task_status_of_each_state_is_told_in_the_list():
    system = parse((FOLDER / "CodeSystem-dossier-state.json").read_bytes())
    told = {one["code"]: one["property"][0]["valueCode"] for one in system["concept"]}
    assert told == {published(name): state.status for name, state in STATES.items()}


def test_the_papers_that_end_a_record_are_papers_of_the_list():
    assert set(TABLE["endsRecord"]) <= (SPEC.codes(f"{VALUE_SET}/execution-paper") or set())


@pytest.mark.parametrize(
    "system", [task.CODE, task.NUMBER, task.CLIENT, record.PERSON, issue._NUMBER]
)
def test_every_system_of_numbers_is_named(system):
    name = system.rpartition("/")[2]
    told = parse((FOLDER / f"NamingSystem-{name}.json").read_bytes())
    assert [one["value"] for one in told["uniqueId"]] == [system]
