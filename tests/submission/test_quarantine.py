"""A refused HOSO keeps its file and the outcome that says why; the others are stored."""

from tests.client import issues
from tests.submission.envelopes import envelope, hoso, wrapped
from tests.submission.stored import everything, faults, of_type, only, submit

BROKEN = {"NGAY_VAO": "202513010815"}


async def test_a_refused_visit_leaves_its_file_and_its_outcome_only(fhir):
    response = await submit(fhir, envelope(**BROKEN))
    assert response.status_code == 422
    every = await everything(fhir)
    assert sorted(one["resourceType"] for one in every.values()) == ["Binary", "DocumentReference"]
    document = await only(fhir, "DocumentReference")
    assert document["meta"]["tag"][0]["code"] == "quarantined"
    (outcome,) = document["contained"]
    assert outcome["resourceType"] == "OperationOutcome"
    expected = [one for one in issues(response) if one["severity"] == "error"]
    told = [one for one in outcome["issue"] if one["severity"] == "error"]
    assert [one["diagnostics"] for one in told] == [one["diagnostics"] for one in expected]
    assert document["content"][0]["attachment"]["url"] in every


async def test_an_issue_names_table_row_field_and_reason(fhir):
    response = await submit(fhir, envelope(NGAY_KQ="202509310930"))
    (issue, *_) = (one for one in issues(response) if one["severity"] == "error")
    assert issue["expression"] == ["HOSO[0].XML3[1].NGAY_KQ"]
    assert "202509310930" in issue["diagnostics"]
    assert "not a day of the calendar" in issue["diagnostics"]


async def test_the_other_visits_of_the_file_are_stored(fhir):
    body = wrapped(hoso(MA_LK="GOOD"), hoso(MA_LK="BAD", **BROKEN), hoso(MA_LK="FINE"))
    response = await submit(fhir, body)
    assert response.status_code == 200
    numbers = {one["identifier"][0]["value"] for one in await of_type(fhir, "Encounter")}
    assert numbers == {"GOOD", "FINE"}
    errors = [one for one in issues(response) if one["severity"] == "error"]
    assert all(one["expression"][0].startswith("HOSO[1].") for one in errors)
    documents = await of_type(fhir, "DocumentReference")
    assert sum("tag" in one["meta"] for one in documents) == 1
    assert len(await of_type(fhir, "Binary")) == 1


async def test_a_refused_file_sent_again_makes_nothing_new(fhir):
    body = envelope(**BROKEN)
    await submit(fhir, body)
    before = await everything(fhir)
    assert (await submit(fhir, body)).status_code == 422
    assert await everything(fhir) == before


async def test_quarantined_files_are_found_by_their_tag_and_well_made(fhir):
    await submit(fhir, envelope(**BROKEN))
    await submit(fhir, envelope())
    (entry,) = (await fhir.get("DocumentReference?_tag=quarantined")).json()["entry"]
    assert "HOSO 1" in entry["resource"]["description"]
    assert faults(fhir, {"found": entry["resource"]}) == {}
