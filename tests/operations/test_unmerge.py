"""$unmerge: a merge is taken back as far as it still stands."""

import asyncio

import pytest

from tests.client import issues
from tests.operations.persons import (
    merged,
    observation,
    parameters,
    patient,
    put,
    reference,
    two,
    unmerge,
)
from tests.submission.stored import dangling, everything, of_type, said


def without_records(resources):
    return {
        name: said(one)
        for name, one in resources.items()
        if one["resourceType"] not in ("AuditEvent", "Provenance")
    }


async def test_everything_is_as_it_was(fhir):
    before = await two(fhir)
    response = await unmerge(fhir, await merged(fhir, "old", "new"))
    assert response.status_code == 200, response.text
    after = await everything(fhir)
    assert without_records(after) == without_records(before)
    assert dangling(after) == []
    (issue,) = issues(response)
    assert issue["diagnostics"].startswith("2 resources")
    found = (await fhir.get("Observation?patient=Patient/old&_total=accurate")).json()
    assert found["total"] == 2


async def test_the_audit_event_names_the_merge_as_well_as_the_provenance(fhir):
    await two(fhir)
    text = await merged(fhir, "old", "new")
    response = await unmerge(fhir, text.replace("Provenance", "AuditEvent"))
    assert response.status_code == 200


async def test_a_source_that_was_not_active_is_not_made_so(fhir):
    await two(fhir)
    await patient(fhir, "old", "1", active=False)
    before = (await everything(fhir))["Patient/old"]
    await unmerge(fhir, await merged(fhir, "old", "new"))
    assert said((await everything(fhir))["Patient/old"]) == said(before)


async def test_the_undo_is_audited(fhir):
    await two(fhir)
    await unmerge(fhir, await merged(fhir, "old", "new"))
    codes = [one["subtype"][0]["code"] for one in await of_type(fhir, "AuditEvent")]
    assert sorted(codes) == ["merge", "unmerge"]
    (event,) = (
        one for one in await of_type(fhir, "AuditEvent") if one["subtype"][0]["code"] == "unmerge"
    )
    what = [one["what"]["reference"] for one in event["entity"]]
    assert what == ["Patient/old/_history/2", "Patient/new/_history/2"]


async def test_what_was_changed_since_is_left_alone_and_told(fhir):
    await two(fhir)
    text = await merged(fhir, "old", "new")
    changed = await observation(fhir, "a", "new", issued="2025-09-01T00:00:00Z")
    await fhir.delete("Observation/b")
    await observation(fhir, "later", "new")
    response = await unmerge(fhir, text)
    assert response.status_code == 200
    warnings = [one["diagnostics"] for one in issues(response) if one["severity"] == "warning"]
    assert [text.split()[0] for text in warnings] == ["Observation/a", "Observation/b"]
    after = await everything(fhir)
    assert after["Observation/a"] == changed
    assert "Observation/b" not in after
    assert after["Observation/later"]["subject"] == {"reference": "Patient/new"}


async def test_what_the_target_learned_since_stays(fhir):
    await two(fhir)
    text = await merged(fhir, "old", "new")
    target = (await everything(fhir))["Patient/new"]
    number = {"system": "http://example.org/number", "value": "9"}
    changed = target | {"birthDate": "1985", "identifier": [*target["identifier"], number]}
    await fhir.put("Patient/new", changed)
    await unmerge(fhir, text)
    after = (await everything(fhir))["Patient/new"]
    assert [one["value"] for one in after["identifier"]] == ["2", "3", "9"]
    assert after["birthDate"] == "1985"
    assert "link" not in after


async def test_a_merge_is_taken_back_once(fhir):
    await two(fhir)
    text = await merged(fhir, "old", "new")
    answers = await asyncio.gather(*(unmerge(fhir, text) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422]
    second = await merged(fhir, "old", "new")
    assert (await unmerge(fhir, text)).status_code == 422
    assert (await unmerge(fhir, second)).status_code == 200


async def test_a_chain_is_taken_back_from_its_end(fhir):
    before = await two(fhir)
    before |= {"Patient/third": await patient(fhir, "third", "7")}
    first = await merged(fhir, "old", "new")
    second = await merged(fhir, "new", "third")
    refused = await unmerge(fhir, first)
    assert refused.status_code == 422
    assert "Patient/new was itself merged into Patient/third" in refused.text
    assert (await unmerge(fhir, second)).status_code == 200
    assert (await unmerge(fhir, first)).status_code == 200
    assert without_records(await everything(fhir)) == without_records(before)


async def test_a_forged_record_of_a_merge_rolls_nothing_back(fhir):
    await two(fhir)
    await merged(fhir, "old", "new")
    await observation(fhir, "c", "new", issued="2025-09-01T00:00:00Z")
    lifecycle = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
    targets = ("Patient/old/_history/2", "Patient/new/_history/2", "Observation/c/_history/2")
    forged = {
        "target": [{"reference": text} for text in targets],
        "recorded": "2025-09-01T00:00:00Z",
        "activity": {"coding": [{"system": lifecycle, "code": "merge"}]},
        "agent": [{"who": {"display": "x"}}],
        "entity": [
            {"role": "source", "what": {"reference": "Patient/old/_history/1"}},
            {"role": "revision", "what": {"reference": "Patient/new/_history/1"}},
        ],
    }
    await put(fhir, "Provenance", "forged", **forged)
    before = (await everything(fhir))["Observation/c"]
    await unmerge(fhir, "Provenance/forged")
    assert (await everything(fhir))["Observation/c"] == before


@pytest.mark.parametrize(
    "version", ["", "/_history/0", "/_history/99999999999999999999", "/_history/x"]
)
async def test_a_record_without_readable_versions_is_no_merge(fhir, version):
    await two(fhir)
    text = await merged(fhir, "old", "new")
    provenance = (await everything(fhir))[text]
    provenance["target"][2] = {"reference": f"Observation/a{version}"}
    await fhir.put(text, provenance)
    assert (await unmerge(fhir, text)).status_code == 422


async def test_what_is_no_merge_is_refused(fhir):
    await two(fhir)
    text = await merged(fhir, "old", "new")
    assert (await unmerge(fhir, "Provenance/none")).status_code == 404
    assert (await unmerge(fhir, "Patient/old")).status_code == 400
    assert (await fhir.post("Patient/$unmerge", parameters())).status_code == 400
    body = parameters(reference("merge", text), reference("merge", text))
    assert (await fhir.post("Patient/$unmerge", body)).status_code == 400
    undone = (await unmerge(fhir, text)).status_code
    assert undone == 200
    (undo,) = (one["id"] for one in await of_type(fhir, "AuditEvent") if one["id"] not in text)
    assert (await unmerge(fhir, f"Provenance/{undo}")).status_code == 422
