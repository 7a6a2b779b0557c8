"""$merge: two records of one person become one, all or nothing."""

import asyncio

import pytest

from fhir_server.operations import merge as operation
from tests.client import issues
from tests.operations.persons import (
    merge,
    merged,
    merging,
    observation,
    out,
    parameters,
    patient,
    put,
    reference,
    two,
)
from tests.submission.stored import dangling, everything, of_type, only


def numbers(resource):
    return [one["value"] for one in resource["identifier"]]


async def test_the_source_is_no_longer_active_and_replaced_by_the_target(fhir):
    await two(fhir)
    await merged(fhir, "old", "new")
    source = (await fhir.get("Patient/old")).json()
    assert source["active"] is False
    assert source["link"] == [{"other": {"reference": "Patient/new"}, "type": "replaced-by"}]


async def test_the_target_replaces_the_source_and_has_the_identifiers_it_lacked(fhir):
    await two(fhir)
    response = await merge(fhir, "old", "new")
    target = (await fhir.get("Patient/new")).json()
    assert target["link"] == [{"other": {"reference": "Patient/old"}, "type": "replaces"}]
    assert numbers(target) == ["2", "3", "1"]
    assert numbers(out(response, "result")["resource"]) == numbers(target)


async def test_what_named_the_source_names_the_target(fhir):
    before = await two(fhir)
    response = await merge(fhir, "old", "new")
    after = await everything(fhir)
    assert after["Observation/a"]["subject"] == {"reference": "Patient/new"}
    assert after["Observation/b"]["performer"] == [{"reference": "Patient/new"}]
    assert after["Observation/c"] == before["Observation/c"]
    assert dangling(after) == []
    found = (await fhir.get("Observation?patient=Patient/new&_total=accurate")).json()
    assert found["total"] == 3
    (issue,) = out(response, "outcome")["resource"]["issue"]
    assert issue["diagnostics"].startswith("2 resources")


async def test_a_decimal_and_an_absolute_reference_survive(fhir):
    await two(fhir)
    base = fhir.context.base_url
    body = (
        b'{"resourceType":"Observation","id":"d","status":"final","code":{"text":"w"},'
        b'"subject":{"reference":"%b/Patient/old"},"valueQuantity":{"value":62.50}}'
    ) % base.encode()
    await fhir.put("Observation/d", body)
    await merged(fhir, "old", "new")
    stored = (await fhir.get("Observation/d")).text
    assert f'"{base}/Patient/new"' in stored
    assert '"value":62.50' in stored


async def test_the_merge_is_audited_with_the_versions_before(fhir):
    await two(fhir)
    text = await merged(fhir, "old", "new")
    event = await only(fhir, "AuditEvent")
    assert f"Provenance/{event['id']}" == text
    assert event["agent"][0]["who"]["display"] == fhir.context.caller.name
    assert event["recorded"]
    what = [one["what"]["reference"] for one in event["entity"]]
    assert what == ["Patient/old/_history/1", "Patient/new/_history/1"]
    assert [one["detail"][0]["valueString"] for one in event["entity"]] == ["1", "1"]
    provenance = await only(fhir, "Provenance")
    assert provenance["activity"]["coding"][0]["code"] == "merge"
    assert [one["reference"] for one in provenance["target"]] == [
        "Patient/old/_history/2",
        "Patient/new/_history/2",
        "Observation/a/_history/2",
        "Observation/b/_history/2",
    ]


async def test_an_audit_event_is_never_rewritten(fhir):
    await two(fhir)
    event = await put(
        fhir,
        "AuditEvent",
        "seen",
        type={"code": "rest"},
        recorded="2025-09-01T00:00:00Z",
        agent=[{"requestor": True}],
        source={"observer": {"display": "x"}},
        entity=[{"what": {"reference": "Patient/old"}}],
    )
    await merged(fhir, "old", "new")
    assert (await everything(fhir))["AuditEvent/seen"] == event


async def test_a_preview_says_what_would_be_and_writes_nothing(fhir):
    before = await two(fhir)
    response = await merge(fhir, "old", "new", {"name": "preview", "valueBoolean": True})
    assert response.status_code == 200
    assert numbers(out(response, "result")["resource"]) == ["2", "3", "1"]
    names = [one["name"] for one in response.json()["parameter"]]
    assert names == ["outcome", "result"]
    assert await everything(fhir) == before


async def test_a_patient_is_not_merged_into_itself_or_into_nobody(fhir):
    before = await two(fhir)
    await fhir.put("Patient/gone", {"resourceType": "Patient", "id": "gone"})
    await fhir.delete("Patient/gone")
    for source, target in (("old", "old"), ("old", "none"), ("none", "new"), ("old", "gone")):
        response = await merge(fhir, source, target)
        assert response.status_code == 422, (source, target)
        assert issues(response)[0]["code"] in ("invariant", "not-found")
    assert await everything(fhir) == before


async def test_a_merged_patient_is_neither_source_nor_target_again(fhir):
    await two(fhir)
    await patient(fhir, "third")
    await merged(fhir, "old", "new")
    for source, target in (("old", "third"), ("third", "old"), ("old", "new"), ("new", "old")):
        response = await merge(fhir, source, target)
        assert response.status_code == 422
        assert "Patient/old is merged into Patient/new already" in response.text
    assert len(await of_type(fhir, "AuditEvent")) == 1


async def test_merges_go_on_from_the_survivor(fhir):
    await two(fhir)
    await patient(fhir, "third")
    await merged(fhir, "old", "new")
    await merged(fhir, "new", "third")
    after = await everything(fhir)
    assert {after[f"Observation/{one}"]["subject"]["reference"] for one in "abc"} == {
        "Patient/third"
    }
    assert after["Patient/old"]["link"][0]["other"]["reference"] == "Patient/new"
    assert numbers(after["Patient/third"]) == ["2", "3", "1"]


async def test_of_two_merges_of_one_source_at_once_one_wins(fhir):
    await two(fhir)
    for number in range(6):
        await patient(fhir, f"target-{number}")
    calls = (merge(fhir, "old", f"target-{number}") for number in range(6))
    answers = [answer.status_code for answer in await asyncio.gather(*calls)]
    assert answers.count(200) == 1
    assert set(answers) <= {200, 409, 422}
    assert len(await of_type(fhir, "AuditEvent")) == 1
    subjects = {one["subject"]["reference"] for one in await of_type(fhir, "Observation")}
    assert len(subjects) == 2


async def test_two_patients_merged_into_each_other_at_once_stay_one_chain(fhir):
    await two(fhir)
    answers = await asyncio.gather(merge(fhir, "old", "new"), merge(fhir, "new", "old"))
    assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_more_resources_than_the_bound_are_refused(fhir, monkeypatch):
    monkeypatch.setattr(operation, "MAX_RESOURCES", 3)
    await two(fhir)
    for number in range(2):
        await observation(fhir, f"more-{number}", "old")
    before = await everything(fhir)
    response = await merge(fhir, "old", "new")
    assert response.status_code == 422
    assert issues(response)[0]["code"] == "too-costly"
    assert await everything(fhir) == before


SOURCE, TARGET = merging("old", "new")["parameter"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Parameters/>",
        {"resourceType": "Patient"},
        parameters(),
        parameters(SOURCE),
        parameters(SOURCE, TARGET, TARGET),
        parameters(SOURCE, TARGET, {"name": "preview", "valueString": "true"}),
        parameters(SOURCE, TARGET, {"name": "result-patient", "valueString": "x"}),
        parameters(SOURCE, reference("target-patient", "Practitioner/new")),
        parameters(SOURCE, reference("target-patient", "http://other.example/Patient/new")),
        parameters(SOURCE, reference("target-patient", "Patient")),
        parameters(SOURCE, {"name": "target-patient", "valueReference": {"display": "new"}}),
    ],
)
async def test_parameters_that_cannot_be_read_are_refused(fhir, body):
    before = await two(fhir)
    response = await fhir.post("Patient/$merge", body)
    assert response.status_code == 400, response.text
    assert await everything(fhir) == before
