import asyncio

import pytest

from fhir_server.interactions import entry as entry_
from tests.client import issues
from tests.interactions.bundles import OTHER, SELF, bundle, entry, observation


async def test_a_transaction_resolves_its_own_references_everywhere(fhir, patient):
    answer = await fhir.post(
        "",
        bundle(
            "transaction",
            {**entry("POST", "Patient", patient), "fullUrl": SELF},
            entry("POST", "Observation", observation(SELF)),
        ),
    )
    assert answer.status_code == 200, answer.text
    first, second = (one["response"]["location"] for one in answer.json()["entry"])
    stored = (await fhir.get(second.removeprefix("http://test.invalid/fhir/"))).json()
    patient_id = first.split("/")[-3]
    assert stored["subject"]["reference"] == f"Patient/{patient_id}"
    assert f'href="Patient/{patient_id}"' in stored["text"]["div"]


async def test_one_bad_entry_leaves_nothing_written_and_is_named(fhir, patient):
    wrong = {**observation("Patient/1"), "status": "perhaps"}
    answer = await fhir.post(
        "",
        bundle(
            "transaction", entry("POST", "Patient", patient), entry("POST", "Observation", wrong)
        ),
    )
    assert answer.status_code in (400, 422)
    assert "Bundle.entry[1]" in issues(answer)[0]["expression"][0]
    assert await fhir.stored() == 0


async def test_an_unresolvable_reference_refuses_the_whole_transaction(fhir, patient):
    answer = await fhir.post(
        "",
        bundle(
            "transaction",
            {**entry("POST", "Patient", patient), "fullUrl": SELF},
            entry("POST", "Observation", observation(OTHER)),
        ),
    )
    assert answer.status_code == 400
    assert issues(answer)[0]["expression"][0].startswith("Bundle.entry[1]")
    assert await fhir.stored() == 0


async def test_a_target_written_twice_refuses_the_transaction(fhir, patient):
    one = entry("PUT", "Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.post("", bundle("transaction", one, one))
    assert answer.status_code == 400
    assert await fhir.stored() == 0


async def test_a_transaction_reads_what_it_wrote(fhir, patient):
    answer = await fhir.post(
        "",
        bundle(
            "transaction",
            entry("GET", "Patient?name=bưởi"),
            entry("PUT", "Patient/p1", {**patient, "id": "p1"}),
        ),
    )
    read, written = answer.json()["entry"]
    assert [one["resource"]["id"] for one in read["resource"]["entry"]] == ["p1"]
    assert written["response"]["status"].startswith("201")


async def test_a_transaction_deletes_before_it_creates(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.post(
        "", bundle("transaction", entry("POST", "Patient", patient), entry("DELETE", "Patient/p1"))
    )
    assert answer.status_code == 200, answer.text
    assert (await fhir.get("Patient/p1")).status_code == 410


async def test_a_stale_version_in_one_entry_stops_all(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", observation("Patient/p1")),
            entry("PUT", "Patient/p1", {**patient, "id": "p1", "active": True}, ifMatch='W/"7"'),
        ),
    )
    assert answer.status_code == 412
    assert await fhir.stored() == 1


async def test_references_follow_a_conditional_create_that_found_something(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    query = "identifier=http://fhir.hl7.org.vn/core/sid/cccd|099190000001"
    answer = await fhir.post(
        "",
        bundle(
            "transaction",
            {**entry("POST", "Patient", patient, ifNoneExist=query), "fullUrl": SELF},
            entry("PUT", "Observation/o1", {**observation(SELF), "id": "o1"}),
        ),
    )
    assert answer.status_code == 200, answer.text
    assert (await fhir.get("Observation/o1")).json()["subject"]["reference"] == "Patient/p1"
    assert await fhir.stored() == 2


async def test_concurrent_conditional_creates_make_one_patient(fhir, patient):
    query = "identifier=http://fhir.hl7.org.vn/core/sid/cccd|099190000001"
    answers = await asyncio.gather(
        *(fhir.post("Patient", patient, If_None_Exist=query) for _ in range(16))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await fhir.stored() == 1


async def test_a_batch_goes_on_after_a_failing_entry(fhir, patient):
    answer = await fhir.post(
        "",
        bundle(
            "batch",
            entry("GET", "Patient/nobody"),
            entry("POST", "Patient", patient),
            entry("GET", "Nonsense/1"),
        ),
    )
    statuses = [one["response"]["status"][:3] for one in answer.json()["entry"]]
    assert statuses == ["404", "201", "404"]
    assert answer.json()["entry"][0]["response"]["outcome"]["issue"][0]["code"] == "not-found"


async def test_other_bundles_are_not_run(fhir):
    answer = await fhir.post("", {"resourceType": "Bundle", "type": "collection"})
    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["Bundle.type"]


async def test_a_patch_fails_alone_in_a_batch_and_all_of_a_transaction(fhir, patient):
    patch = {"resourceType": "Parameters"}
    entries = (entry("POST", "Patient", patient), entry("PATCH", "Patient/p1", patch))
    batch = await fhir.post("", bundle("batch", *entries))
    assert [one["response"]["status"][:3] for one in batch.json()["entry"]] == ["201", "404"]
    answer = await fhir.post("", bundle("transaction", *entries))
    assert answer.status_code == 404
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1]"]
    assert await fhir.stored() == 1


async def test_a_full_url_is_that_of_one_entry(fhir, patient):
    one = {**entry("POST", "Patient", patient), "fullUrl": SELF}
    answer = await fhir.post("", bundle("transaction", one, one))
    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1]"]


async def test_a_full_url_cannot_pass_for_a_code(fhir, patient):
    for url in ("final", "http://loinc.org", "#a"):
        answer = await fhir.post(
            "",
            bundle(
                "transaction",
                {**entry("POST", "Patient", patient), "fullUrl": url},
                entry("POST", "Observation", observation("Patient/p1")),
            ),
        )
        assert answer.status_code == 400
    assert await fhir.stored() == 0


async def test_a_conditional_reference_that_matches_nothing_is_not_stored_as_it_is(fhir):
    wrong = observation("Patient?identifier=099190000001")
    answer = await fhir.post("", bundle("transaction", entry("POST", "Observation", wrong)))
    assert answer.status_code == 412
    assert issues(answer)[0]["expression"] == ["Bundle.entry[0].resource.subject.reference"]
    assert await fhir.stored() == 0


async def test_an_entry_and_its_resource_agree_on_the_id(fhir, patient):
    wrong = entry("PUT", "Patient/p1", {**patient, "id": "other"})
    answer = await fhir.post("", bundle("transaction", wrong))
    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["Bundle.entry[0].resource.id"]


async def test_one_condition_written_in_two_ways_makes_one_patient(fhir, patient):
    system = "http://fhir.hl7.org.vn/core/sid/cccd"
    ways = (f"identifier={system}|099190000001", f"identifier={system}%7C099190000001")
    answers = await asyncio.gather(
        *(fhir.post("Patient", patient, If_None_Exist=ways[number % 2]) for number in range(16))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]


async def test_answers_over_the_limit_are_refused_entry_by_entry(fhir, monkeypatch):
    monkeypatch.setattr(entry_, "MAX_ANSWER", 100_000)
    reads = [entry("GET", "metadata")] * 3
    batch = await fhir.post("", bundle("batch", *reads))
    statuses = [one["response"]["status"][:3] for one in batch.json()["entry"]]
    assert statuses == ["200", "413", "413"]
    answer = await fhir.post("", bundle("transaction", *reads))
    assert answer.status_code == 413
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1]"]


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
@pytest.mark.parametrize("resource", [None, 1, "a", [[]], []])
async def test_an_entry_whose_resource_is_no_object_is_a_fault_of_the_bundle(
    fhir, kind, method, resource
):
    request = {"method": method, "url": "Basic/a"}
    entry = {"fullUrl": "urn:uuid:1", "resource": resource, "request": request}
    answer = await fhir.post("", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Bundle.entry[0].resource"]


@pytest.mark.parametrize("told", [{}, {"birthDate": "never"}])
async def test_an_entry_carries_the_type_its_url_names(fhir, patient, told):
    """Whether its structure was seen to be well with the Bundle's, or not."""
    wrong = entry("POST", "Observation", {**patient, **told})
    answer = await fhir.post("", bundle("transaction", wrong))
    assert answer.status_code == 400
    [issue] = issues(answer)
    assert issue["diagnostics"] == "The resource says it is a 'Patient', the URL says Observation."
    assert issue["expression"] == ["Bundle.entry[0].resource.resourceType"]


async def test_what_one_entry_has_wrong_is_told_of_that_entry_alone(fhir, patient):
    born = {**patient, "birthDate": "never"}
    sent = bundle("batch", entry("POST", "Patient", patient), entry("POST", "Patient", born))
    answer = await fhir.post("", sent)
    statuses = [one["response"]["status"][:3] for one in answer.json()["entry"]]
    assert statuses == ["201", "422"]
