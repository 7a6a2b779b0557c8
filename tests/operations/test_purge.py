"""$purge and $purge-history: what is erased is gone, and a hold keeps it."""

import asyncio

import pytest

from fhir_server.operations import purge as operation
from fhir_server.search.condition import Everything
from fhir_server.store import chunks
from fhir_server.store.hold import CODE, SYSTEM
from tests.client import issues
from tests.operations.persons import observation, parameters, patient, put
from tests.submission.stored import everything, of_type

HOLD = {"system": SYSTEM, "code": CODE}


async def purge(fhir, path, name="$purge"):
    return await fhir.post(f"{path}/{name}", b"")


async def purged(fhir, path, name="$purge"):
    response = await purge(fhir, path, name)
    assert response.status_code == 200, response.text
    return issues(response)[0]["diagnostics"]


async def hold(fhir, path, name="$meta-add", where="security"):
    body = parameters({"name": "meta", "valueMeta": {where: [HOLD]}})
    response = await fhir.post(f"{path}/{name}", body)
    assert response.status_code == 200, response.text


async def documents(fhir, wanted="p"):
    """Give (collection, _id) of every document that is of this resource, in any collection."""
    database = fhir.context.store.database
    found = []
    for name in await database.list_collection_names():
        async for row in database[name].find({}, {"_id": 1, "id": 1, "type": 1}):
            parts = str(row["_id"]).split("/")
            if wanted in parts or row.get("id") == wanted:
                found.append((name, row["_id"]))
    return found


async def test_a_purged_resource_is_as_if_it_had_never_been(fhir):
    await patient(fhir, "p")
    await patient(fhir, "p", active=True)
    await fhir.delete("Patient/p")
    await patient(fhir, "p", active=False)
    assert "1 resources" in await purged(fhir, "Patient/p")
    for path in ("", "/_history", "/_history/1", "/_history/3", "/_history/4", "/$meta"):
        assert (await fhir.get(f"Patient/p{path}")).status_code == 404, path
    assert await documents(fhir) == []


async def test_a_deleted_resource_is_purged_too(fhir):
    await patient(fhir, "p")
    await fhir.delete("Patient/p")
    await purged(fhir, "Patient/p")
    assert (await fhir.get("Patient/p")).status_code == 404
    assert await documents(fhir) == []


async def test_the_pieces_of_large_bodies_go_too(fhir, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", 100)
    for number in range(3):
        await patient(fhir, "p", name=[{"text": "x" * 300 + str(number)}])
    database = fhir.context.store.database
    assert await database.chunks.count_documents({}) > 9
    await purged(fhir, "Patient/p", "$purge-history")
    assert (await fhir.get("Patient/p")).json()["name"][0]["text"].endswith("2")
    await purged(fhir, "Patient/p")
    left = [row["_id"] async for row in database.chunks.find({}, {"_id": 1})]
    assert [one for one in left if one.startswith("Patient/")] == []


async def test_the_id_may_be_taken_again_and_begins_at_version_1(fhir):
    await patient(fhir, "p")
    await patient(fhir, "p", active=True)
    await purged(fhir, "Patient/p")
    again = await patient(fhir, "p", gender="female")
    assert again["meta"]["versionId"] == "1"
    await patient(fhir, "p", gender="male")
    history = (await fhir.get("Patient/p/_history")).json()["entry"]
    assert [one["resource"]["meta"]["versionId"] for one in history] == ["2", "1"]
    assert (await fhir.get("Patient/p/_history/1")).json()["gender"] == "female"


async def test_a_patient_is_purged_with_what_is_about_nobody_else(fhir):
    await patient(fhir, "p")
    await patient(fhir, "q")
    await observation(fhir, "mine", "p")
    await observation(fhir, "mine", "p", note=[{"text": "again"}])
    await observation(fhir, "was-mine", "p")
    await fhir.delete("Observation/was-mine")
    await observation(fhir, "other", "q")
    assert "3 resources" in await purged(fhir, "Patient/p")
    left = await everything(fhir)
    assert {one for one in left if not one.startswith("AuditEvent")} == {
        "Patient/q",
        "Observation/other",
    }
    for one in ("mine", "was-mine"):
        assert (await fhir.get(f"Observation/{one}")).status_code == 404
        assert await documents(fhir, one) == []


async def test_an_audit_event_says_who_erased_what_and_refers_to_nothing(fhir):
    await patient(fhir, "p")
    await observation(fhir, "mine", "p")
    await purged(fhir, "Patient/p")
    (event,) = await of_type(fhir, "AuditEvent")
    assert event["action"] == "D"
    assert event["entity"][0]["name"] == "Patient/p"
    assert event["entity"][0]["detail"][0]["valueString"] == "2"
    assert event["agent"][0]["who"]["display"] == fhir.context.caller.name
    assert "reference" not in str(event)


async def test_followers_are_told_what_was_purged(fhir):
    await patient(fhir, "p")
    await patient(fhir, "p", active=True)
    await purged(fhir, "Patient/p", "$purge-history")
    await purged(fhir, "Patient/p")
    rows = [row async for row in fhir.context.store.database.commits.find().sort("_id", 1)]
    told = [change for row in rows for change in row["c"] if change[0] == "Patient"]
    assert told == [
        ["Patient", "p", 1, "update"],
        ["Patient", "p", 2, "update"],
        ["Patient", "p", 2, "purge-history"],
        ["Patient", "p", 2, "purge"],
    ]


async def test_a_purged_history_leaves_the_last_version(fhir):
    for number in range(3):
        await patient(fhir, "p", multipleBirthInteger=number)
    await purged(fhir, "Patient/p", "$purge-history")
    assert (await fhir.get("Patient/p")).json()["multipleBirthInteger"] == 2
    assert (await fhir.get("Patient/p/_history/3")).status_code == 200
    assert (await fhir.get("Patient/p/_history/2")).status_code == 404
    assert len((await fhir.get("Patient/p/_history")).json()["entry"]) == 1
    assert (await patient(fhir, "p"))["meta"]["versionId"] == "4"


async def test_a_purged_history_leaves_the_deletion(fhir):
    await patient(fhir, "p")
    await fhir.delete("Patient/p")
    await purged(fhir, "Patient/p", "$purge-history")
    assert (await fhir.get("Patient/p")).status_code == 410
    assert (await fhir.get("Patient/p/_history/1")).status_code == 404
    assert (await fhir.get("Patient/p/_history/2")).status_code == 410


@pytest.mark.parametrize("where", ["security", "tag"])
async def test_a_hold_forbids_every_end_until_it_is_lifted(fhir, where):
    await patient(fhir, "p")
    await hold(fhir, "Patient/p", where=where)
    for answer in (
        await fhir.delete("Patient/p"),
        await purge(fhir, "Patient/p"),
        await purge(fhir, "Patient/p", "$purge-history"),
    ):
        assert answer.status_code == 409, answer.text
        assert issues(answer)[0]["code"] == "business-rule"
    assert len((await fhir.get("Patient/p/_history")).json()["entry"]) == 2
    await hold(fhir, "Patient/p", "$meta-delete", where)
    assert (await fhir.delete("Patient/p")).status_code == 204
    await purged(fhir, "Patient/p")


async def test_a_hold_on_a_patient_holds_the_compartment(fhir):
    await patient(fhir, "p")
    await observation(fhir, "mine", "p")
    await observation(fhir, "gone", "p")
    await fhir.delete("Observation/gone")
    await hold(fhir, "Patient/p")
    assert (await fhir.delete("Observation/mine")).status_code == 409
    assert (await purge(fhir, "Observation/mine")).status_code == 409
    assert (await purge(fhir, "Observation/gone")).status_code == 409
    assert (await fhir.delete("Observation/gone")).status_code == 204
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Observation/mine"}}],
    }
    assert (await fhir.post("", bundle)).status_code == 409
    await patient(fhir, "q")
    await observation(fhir, "other", "q")
    assert (await fhir.delete("Observation/other")).status_code == 204


async def test_a_hold_on_one_resource_keeps_its_patient_from_being_purged(fhir):
    await patient(fhir, "p")
    await observation(fhir, "mine", "p")
    await hold(fhir, "Observation/mine")
    response = await purge(fhir, "Patient/p")
    assert response.status_code == 409
    assert "Observation/mine" in response.text


async def test_an_update_keeps_the_hold_or_is_refused(fhir):
    held = await patient(fhir, "p", meta={"security": [HOLD]})
    refused = await fhir.put("Patient/p", {"resourceType": "Patient", "id": "p", "active": True})
    assert refused.status_code == 409
    assert "$meta-delete" in refused.text
    kept = await fhir.put("Patient/p", {**held, "active": True})
    assert kept.status_code == 200


async def test_what_is_referred_to_from_outside_is_not_purged(fhir):
    await patient(fhir, "p")
    await put(fhir, "Practitioner", "doctor")
    await observation(fhir, "mine", "p", performer=[{"reference": "Practitioner/doctor"}])
    response = await purge(fhir, "Practitioner/doctor")
    assert response.status_code == 409
    assert "Observation/mine" in issues(response)[0]["diagnostics"]
    await purged(fhir, "Observation/mine")
    await purged(fhir, "Practitioner/doctor")


async def test_what_is_about_two_patients_keeps_both(fhir):
    await patient(fhir, "p")
    await patient(fhir, "q")
    await observation(fhir, "both", "p", performer=[{"reference": "Patient/q"}])
    before = await everything(fhir)
    response = await purge(fhir, "Patient/p")
    assert response.status_code == 409
    assert "Observation/both" in issues(response)[0]["diagnostics"]
    assert await everything(fhir) == before


async def test_a_compartment_over_the_bound_is_refused_with_its_size(fhir, monkeypatch):
    monkeypatch.setattr(operation, "MAX_RESOURCES", 3)
    await patient(fhir, "p")
    for number in range(4):
        await observation(fhir, f"o{number}", "p")
    response = await purge(fhir, "Patient/p")
    assert response.status_code == 422
    assert issues(response)[0]["code"] == "too-costly"
    assert issues(response)[0]["diagnostics"].startswith("5 resources")
    assert len(await of_type(fhir, "Observation")) == 4


async def test_a_purge_and_an_update_at_once_leave_all_or_nothing(fhir):
    await patient(fhir, "p")
    await asyncio.gather(
        purge(fhir, "Patient/p"),
        *(fhir.put("Patient/p", {"resourceType": "Patient", "id": "p"}) for _ in range(5)),
        *(patient(fhir, "p", multipleBirthInteger=number) for number in range(5)),
    )
    versions = await fhir.context.store.history(Everything(), "Patient", "p")
    numbers = [one.version for one in versions]
    assert numbers == list(range(len(numbers), 0, -1))


async def test_what_never_was_cannot_be_purged(fhir):
    for name in ("$purge", "$purge-history"):
        assert (await purge(fhir, "Patient/never", name)).status_code == 404
        assert (await purge(fhir, "Nothing/x", name)).status_code == 404
        assert (await fhir.get(f"Patient/never/{name}")).status_code == 405
        assert (await fhir.post(f"Patient/never/{name}?x=1", b"")).status_code == 400
    assert await everything(fhir) == {}
