"""A dossier in every state meets the profile its definition publishes."""

import pytest

from extensions.judicial_record.dossier.lifecycle import published
from fhir_server.interactions.judging import definitions
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import issues
from tests.extensions.judicial_record.certificates import LEGAL, SPEC
from tests.extensions.judicial_record.dossier.desks import WAYS

PROFILE = f"{LEGAL}/StructureDefinition/dossier"


def told(task):
    """Give what is wrong with a Task, asked to be a dossier."""
    found = issues(definitions(SPEC), task, (PROFILE,), Questions({}))
    return [one.diagnostics for one in found if one.severity == "error"]


@pytest.fixture
async def task(bench):
    return await bench.read(await bench.at("2"))


async def test_a_dossier_in_every_state_meets_the_profile(bench):
    for state in {published(state): state for state in WAYS}.values():
        task = await bench.read(await bench.at(state))
        assert told(task) == [], state


async def test_what_is_no_dossier_does_not_meet_it(task):
    other = {"coding": [{"system": f"{LEGAL}/CodeSystem/dossier-state", "code": "9"}]}
    unknown = {"coding": [{"system": f"{LEGAL}/CodeSystem/dossier-state", "code": "11"}]}
    for name, value, key in (
        ("for", {"reference": "Patient/1"}, "Patient"),
        ("businessStatus", other, "dossier-3"),
        ("businessStatus", unknown, "dossier-state"),
        ("restriction", None, "dossier-1"),
        ("code", {"text": "x"}, "code"),
        ("owner", {"reference": "Practitioner/1"}, "Practitioner"),
    ):
        changed = {**task, name: value}
        found = told({key_: one for key_, one in changed.items() if one is not None})
        assert any(key in one for one in found), (name, found)
