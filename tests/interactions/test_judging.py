"""Writes are judged: what refuses, what only warns, what is asked of the store in between."""

import pytest

from fhir_server.interactions import judging
from fhir_server.interactions.answers import SECONDS, Answers
from fhir_server.store.store import Store
from tests.client import health, issues
from tests.interactions.bundles import bundle

PROFILE = "http://example.org/StructureDefinition/named-patient"
NAMED = {
    "resourceType": "StructureDefinition",
    "url": PROFILE,
    "name": "NamedPatient",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {
        "element": [
            {"id": "Patient", "path": "Patient"},
            {"id": "Patient.name", "path": "Patient.name", "min": 1},
        ]
    },
}
# It is built well, and breaks pat-1.
BROKEN = {"resourceType": "Patient", "contact": [{"gender": "male"}]}
CLAIMING = {"resourceType": "Patient", "meta": {"profile": [PROFILE]}}
OUTCOME = {"Prefer": "return=OperationOutcome"}


def told(response):
    return [(one["severity"], one["expression"][0]) for one in issues(response)]


async def test_a_rule_that_is_broken_refuses_every_kind_of_write(fhir):
    place = ("error", "Patient.contact[0]")
    created = await fhir.post("Patient", BROKEN)
    assert created.status_code == 422
    assert place in told(created)
    assert (await fhir.put("Patient/a", {**BROKEN, "id": "a"})).status_code == 422
    await fhir.put("Patient/a", {"resourceType": "Patient", "id": "a", "active": True})
    patch = [{"op": "add", "path": "/contact", "value": BROKEN["contact"]}]
    headers = {"Content_Type": "application/json-patch+json"}
    assert (await fhir.patch("Patient/a", patch, **headers)).status_code == 422
    entry = {"resource": BROKEN, "request": {"method": "POST", "url": "Patient"}}
    answer = await fhir.post("", bundle("transaction", entry))
    assert answer.status_code == 422
    assert ("error", "Bundle.entry[0].resource.contact[0]") in told(answer)
    batch = (await fhir.post("", bundle("batch", entry))).json()
    assert batch["entry"][0]["response"]["status"].startswith("422")
    assert await fhir.stored() == 1


async def test_every_issue_is_told_at_once(fhir):
    both = {**BROKEN, "identifier": [{"system": "own"}]}
    answer = await fhir.post("Patient", both)
    assert told(answer)[:2] == [
        ("error", "Patient.contact[0]"),
        ("error", "Patient.identifier[0].system"),
    ] or told(answer)[:2] == [
        ("error", "Patient.identifier[0].system"),
        ("error", "Patient.contact[0]"),
    ]


async def test_warnings_do_not_refuse_and_are_told_where_an_outcome_is_preferred(fhir):
    bare = {"resourceType": "Patient", "active": True}
    answer = await fhir.post("Patient", bare, **OUTCOME)
    assert answer.status_code == 201
    assert told(answer) == [("warning", "Patient")]
    entry = {"resource": bare, "request": {"method": "POST", "url": "Patient"}}
    done = (await fhir.post("", bundle("transaction", entry), **OUTCOME)).json()
    assert done["entry"][0]["response"]["outcome"]["issue"][0]["severity"] == "warning"


@pytest.mark.parametrize(
    ("level", "broken", "claiming"), [("structure", 201, 201), ("base", 422, 201)]
)
async def test_the_setting_says_how_much_is_looked_at(store, spec, level, broken, claiming):
    async with health(store, spec, validation=level) as client:
        await client.put("StructureDefinition/n", {**NAMED, "id": "n"})
        assert (await client.post("Patient", BROKEN)).status_code == broken
        assert (await client.post("Patient", CLAIMING)).status_code == claiming


async def test_a_profile_stored_here_is_asked_of_the_store(fhir):
    answer = await fhir.post("Patient", CLAIMING, **OUTCOME)
    assert answer.status_code == 201
    assert ("warning", "Patient.meta.profile[0]") in told(answer)
    fhir.context.answers.clear()
    await fhir.put("StructureDefinition/n", {**NAMED, "id": "n"})
    refused = await fhir.post("Patient", CLAIMING)
    assert refused.status_code == 422
    assert ("error", "Patient.name") in told(refused)
    named = {**CLAIMING, "name": [{"text": "An"}]}
    assert (await fhir.post("Patient", named)).status_code == 201


async def test_a_profile_that_is_not_known_can_refuse(store, spec):
    async with health(store, spec, unknown_profile="refuse") as client:
        assert (await client.post("Patient", CLAIMING)).status_code == 422


async def test_a_type_can_require_a_profile(store, spec):
    async with health(store, spec, required_profiles={"Patient": [PROFILE]}) as client:
        await client.put("StructureDefinition/n", {**NAMED, "id": "n"})
        plain = {"resourceType": "Patient", "active": True}
        assert (await client.post("Patient", plain)).status_code == 422
        assert (await client.post("Patient", {**plain, "name": [{"text": "x"}]})).is_success


async def test_nothing_is_asked_where_all_is_known(fhir, monkeypatch):
    async def never(*_asked):
        raise AssertionError("asked")

    monkeypatch.setattr(judging, "_answer", never)
    assert (await fhir.post("Patient", {"resourceType": "Patient"})).status_code == 201


async def test_questions_are_bounded(fhir, monkeypatch):
    asked = []

    async def one(_context, question):
        asked.append(question)

    monkeypatch.setattr(judging, "_one", one)
    many = [f"{PROFILE}{number}" for number in range(judging.MOST + 50)]
    answer = await fhir.post("Patient", {"resourceType": "Patient", "meta": {"profile": many}})
    assert answer.status_code == 201
    assert len(asked) == judging.MOST


async def test_a_database_that_is_gone_is_told_as_such(spec):
    store = Store.open("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50", "gone")
    async with health(store, spec) as client:
        assert (await client.post("Patient", CLAIMING)).status_code == 503
    await store.close()


def test_an_answer_is_kept_for_a_while():
    now = [0.0]
    answers = Answers(lambda: now[0])
    answers.put(("profile", "x"), 1)
    assert answers.of({})["profile", "x"] == 1
    assert answers.of({("profile", "x"): 2})["profile", "x"] == 2
    now[0] = SECONDS
    assert ("profile", "x") not in answers.of({})


async def test_faults_of_structure_and_of_rules_refuse_a_write_together(fhir):
    period = {"start": "2020-02-02", "end": "2020-01-01"}
    name = [{"family": "A", "period": period}]
    answer = await fhir.post("Patient", {"resourceType": "Patient", "gender": "man", "name": name})
    assert answer.status_code == 422
    places = [one["expression"] for one in issues(answer)]
    assert places == [["Patient.gender"], ["Patient.name[0].period"]]
