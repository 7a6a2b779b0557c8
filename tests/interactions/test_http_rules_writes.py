"""Creates, updates and deletes: https://hl7.org/fhir/R4/http.html#create and what follows."""

import pytest

from tests.client import BASE_URL, issues
from tests.interactions.bundles import bundle, entry, observation, statuses

BASIC = {"resourceType": "Basic", "code": {"text": "x"}}


async def test_a_create_is_a_201_with_location_etag_and_last_modified(fhir):
    answer = await fhir.post("Basic", BASIC)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{BASE_URL}/Basic/{made['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["last-modified"].endswith(" GMT")


async def test_an_id_version_and_time_in_a_create_are_replaced(fhir):
    meta = {"versionId": "7", "lastUpdated": "2000-01-01T00:00:00Z", "source": "http://a.example"}
    made = (await fhir.post("Basic", {**BASIC, "id": "mine", "meta": meta})).json()
    assert made["id"] != "mine"
    assert made["meta"]["versionId"] == "1"
    assert not made["meta"]["lastUpdated"].startswith("2000")
    assert made["meta"]["source"] == "http://a.example"


@pytest.mark.parametrize("send", ["post", "put", "patch"])
async def test_a_write_needs_a_body(fhir, send):
    path = "Basic" if send == "post" else "Basic/b"
    answer = await getattr(fhir, send)(path, b"")
    assert answer.status_code == 400
    assert issues(answer)


async def test_an_update_without_the_urls_id_is_refused(fhir):
    for body in (BASIC, {**BASIC, "id": "other"}):
        answer = await fhir.put("Basic/b", body)
        assert answer.status_code == 400
        assert issues(answer)[0]["expression"] == ["Basic.id"]


async def test_an_update_that_creates_is_a_201_with_a_location(fhir):
    answer = await fhir.put("Basic/b", {**BASIC, "id": "b"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{BASE_URL}/Basic/b/_history/1"


async def test_a_delete_is_a_204_without_a_body_again_and_again(fhir):
    await fhir.put("Basic/b", {**BASIC, "id": "b"})
    for _ in range(2):
        answer = await fhir.delete("Basic/b")
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["etag"] == 'W/"2"'


async def test_what_is_deleted_is_found_by_no_search(fhir):
    await fhir.put("Basic/b", {**BASIC, "id": "b"})
    await fhir.delete("Basic/b")
    assert (await fhir.get("Basic?_id=b&_total=accurate")).json()["total"] == 0


async def test_a_resource_that_breaks_the_standard_is_a_422_with_every_fault(fhir):
    wrong = {"resourceType": "Patient", "gender": "odd", "birthDate": "2026-02-30", "colour": "red"}
    answer = await fhir.post("Patient", wrong)
    assert answer.status_code == 422
    places = {issue["expression"][0] for issue in issues(answer)}
    assert places == {"Patient.gender", "Patient.birthDate", "Patient.colour"}


async def test_a_resource_of_another_type_than_the_urls_is_refused(fhir):
    answer = await fhir.post("Patient", BASIC)
    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["Patient.resourceType"]


@pytest.mark.parametrize("send", ["post", "put"])
async def test_prefer_decides_what_a_write_is_answered_with(fhir, send):
    body = {**BASIC, "id": "b"}
    path = "Basic" if send == "post" else "Basic/b"
    for wish, type_ in (
        ("return=minimal", None),
        ("return=representation", "Basic"),
        ("return=OperationOutcome", "OperationOutcome"),
    ):
        answer = await getattr(fhir, send)(path, body, Prefer=wish)
        told = answer.json()["resourceType"] if answer.content else None
        assert told == type_
        assert answer.headers["etag"]


async def test_a_batch_is_a_200_whatever_its_entries_come_to(fhir):
    made = bundle("batch", entry("GET", "Basic/nobody"), entry("POST", "Basic", BASIC))
    assert statuses(await fhir.post("", made)) == ["404", "201"]


async def test_a_transaction_answers_in_the_order_of_its_entries(fhir):
    await fhir.put("Basic/b", {**BASIC, "id": "b"})
    made = bundle(
        "transaction",
        entry("GET", "Basic/c"),
        entry("PUT", "Basic/c", {**BASIC, "id": "c"}),
        entry("POST", "Basic", BASIC),
        entry("DELETE", "Basic/b"),
    )
    answer = await fhir.post("", made)
    assert statuses(answer) == ["200", "201", "201", "204"]
    assert answer.json()["type"] == "transaction-response"


async def test_a_transaction_is_written_whole_or_not_at_all(fhir):
    lost = observation("Patient/nobody")
    made = bundle("transaction", entry("POST", "Basic", BASIC), entry("POST", "Observation", lost))
    answer = await fhir.post("", made)
    assert answer.status_code == 422
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert await fhir.stored() == 0


async def test_a_bundle_of_another_type_is_stored_under_its_own_type_only(fhir):
    kept = {"resourceType": "Bundle", "type": "collection"}
    assert (await fhir.post("Bundle", kept)).status_code == 201
    assert (await fhir.post("", kept)).status_code == 400
