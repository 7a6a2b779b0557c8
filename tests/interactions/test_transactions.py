"""What a transaction may hold, and in which order it is worked."""

import base64

import pytest

from fhir_server.store import horizon
from tests.client import BASE_URL, health, issues
from tests.interactions.bundles import (
    CCCD,
    OTHER,
    SELF,
    bundle,
    entry,
    local,
    observation,
    parameters_patch,
    practitioner,
    statuses,
    stored_at,
)

JSON_PATCH = "application/json-patch+json"


async def test_every_verb_is_an_entry(her, patient):
    await her.put("Patient/p2", {**patient, "id": "p2"})
    await her.put("Basic/b1", {"resourceType": "Basic", "id": "b1", "code": {"text": "old"}})
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("GET", "Patient/p1/_history"),
            entry("HEAD", "Patient/p1"),
            entry("PATCH", "Patient/p1", parameters_patch("Patient.gender", valueCode="male")),
            entry("PUT", "Patient/p2", {**patient, "id": "p2", "active": True}),
            entry("POST", "Observation", observation("Patient/p1")),
            entry("DELETE", "Basic/b1"),
            entry("GET", "Observation?subject=Patient/p1"),
            entry("POST", "Patient/_search?gender=male"),
            entry("GET", "Patient/p1/$meta"),
            entry("GET", "metadata"),
        ),
    )
    told = ["200", "200", "200", "200", "201", "204", "200", "200", "200", "200"]
    assert statuses(answer) == told
    made = answer.json()["entry"]
    assert len(made[0]["resource"]["entry"]) == 2
    assert "resource" not in made[1]
    assert len(made[6]["resource"]["entry"]) == 1
    assert [one["resource"]["id"] for one in made[7]["resource"]["entry"]] == ["p1"]
    assert made[8]["resource"]["resourceType"] == "Parameters"
    assert (await her.get("Patient/p1")).json()["gender"] == "male"


async def test_a_read_that_fails_leaves_nothing_written(her):
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", observation("Patient/p1")),
            entry("GET", "Patient/nobody"),
        ),
    )
    assert answer.status_code == 404
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1]"]
    assert await her.stored() == 1


async def test_an_operation_that_writes_on_its_own_is_refused(her):
    answer = await her.post("", bundle("transaction", entry("POST", "Patient/p1/$purge-history")))
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Bundle.entry[0]"]
    assert statuses(await her.post("", bundle("batch", entry("POST", "Patient/p1/$purge-history"))))


async def test_a_bundle_is_no_entry_of_a_bundle(her):
    inner = entry("POST", "/", {"resourceType": "Bundle", "type": "batch"})
    assert (await her.post("", bundle("transaction", inner))).status_code == 400
    assert statuses(await her.post("", bundle("batch", inner))) == ["400"]


async def test_json_patch_and_xml_patch_come_as_a_binary(her):
    operations = b'[{"op": "replace", "path": "/gender", "value": "other"}]'
    data = base64.b64encode(operations).decode()
    binary = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": data}
    answer = await her.post("", bundle("transaction", entry("PATCH", "Patient/p1", binary)))
    assert statuses(answer) == ["200"]
    assert (await her.get("Patient/p1")).json()["gender"] == "other"


async def test_a_delete_is_worked_before_a_conditional_create(her, patient):
    query = f"identifier={CCCD}|099190000001"
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", patient, ifNoneExist=query),
            entry("DELETE", "Patient/p1"),
        ),
    )
    assert statuses(answer) == ["201", "204"]
    assert await her.stored() == 1


async def test_what_a_create_makes_is_seen_by_a_conditional_update(her, patient):
    number = "099190000002"
    new = {**patient, "identifier": [{"system": CCCD, "value": number}]}
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("PUT", f"Patient?identifier={CCCD}|{number}", new),
            entry("POST", "Patient", new),
        ),
    )
    assert answer.status_code == 400
    assert "both write" in issues(answer)[0]["diagnostics"]
    assert await her.stored() == 1


@pytest.mark.parametrize("conditional", ["PUT", "DELETE"])
async def test_a_target_found_by_a_condition_is_not_written_twice(her, patient, conditional):
    url = f"Patient?identifier={CCCD}|099190000001"
    first = entry("PUT", "Patient/p1", {**patient, "id": "p1", "active": True})
    second = entry(conditional, url, patient if conditional == "PUT" else None)
    answer = await her.post("", bundle("transaction", first, second))
    assert answer.status_code == 400
    assert (await her.get("Patient/p1")).headers["etag"] == 'W/"1"'


async def test_what_the_commit_refuses_is_told_by_entry(her):
    await her.put("Observation/o1", {**observation("Patient/p1"), "id": "o1"})
    basic = {"resourceType": "Basic", "code": {"text": "a"}}
    lost = observation("Patient/nobody")
    for wrong, status, place in (
        (entry("DELETE", "Patient/p1"), 409, "Bundle.entry[1]"),
        (entry("POST", "Observation", lost), 422, "Bundle.entry[1].resource.subject.reference"),
    ):
        answer = await her.post("", bundle("transaction", entry("POST", "Basic", basic), wrong))
        assert answer.status_code == status
        assert issues(answer)[0]["expression"] == [place]
    assert await her.stored() == 2


async def test_a_search_in_a_patch_is_refused(her):
    reference = {"reference": f"Organization?identifier={CCCD}|1"}
    patch = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "add"},
                    {"name": "path", "valueString": "Patient"},
                    {"name": "name", "valueString": "managingOrganization"},
                    {"name": "value", "valueReference": reference},
                ],
            }
        ],
    }
    answer = await her.post("", bundle("transaction", entry("PATCH", "Patient/p1", patch)))
    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == [
        "Bundle.entry[0].resource.managingOrganization.reference"
    ]


async def test_two_creates_under_one_condition_are_one_resource(her, patient):
    number = "099190000003"
    new = {**patient, "identifier": [{"system": CCCD, "value": number}]}
    query = f"identifier={CCCD}|{number}"
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", new, ifNoneExist=query, fullUrl=SELF),
            entry("POST", "Patient", new, ifNoneExist=query, fullUrl=OTHER),
            entry("POST", "Observation", observation(OTHER)),
        ),
    )
    assert statuses(answer) == ["201", "200", "201"]
    first, second = (one["response"]["location"] for one in answer.json()["entry"][:2])
    assert first == second
    assert (await stored_at(her, answer, 2))["subject"]["reference"] == local(first)


async def test_preconditions_hold_for_each_entry(her, patient):
    changed = {**patient, "id": "p1", "active": True}
    for condition in ({"ifMatch": 'W/"2"'}, {"ifNoneMatch": "*"}):
        answer = await her.post(
            "", bundle("transaction", entry("PUT", "Patient/p1", changed, **condition))
        )
        assert answer.status_code == 412
        assert issues(answer)[0]["expression"] == ["Bundle.entry[0]"]
    unchanged = entry("GET", "Patient/p1", ifNoneMatch='W/"1"')
    assert statuses(await her.post("", bundle("transaction", unchanged))) == ["304"]


async def test_prefer_says_what_an_entry_is_answered_with(her):
    made = bundle("transaction", entry("POST", "Observation", observation("Patient/p1")))
    for kind in ("transaction", "batch"):
        made["type"] = kind
        minimal = (await her.post("", made)).json()["entry"][0]
        assert "resource" not in minimal
        assert minimal["response"]["lastModified"]
        assert minimal["fullUrl"].startswith(f"{BASE_URL}/Observation/")
        whole = (await her.post("", made, Prefer="return=representation")).json()["entry"][0]
        assert whole["resource"]["status"] == "final"
        told = (await her.post("", made, Prefer="return=OperationOutcome")).json()["entry"][0]
        assert told["response"]["outcome"]["resourceType"] == "OperationOutcome"


async def test_a_batch_runs_conditional_writes_and_names_its_failures(her, patient):
    url = f"Patient?identifier={CCCD}|099190000001"
    answer = await her.post(
        "",
        bundle(
            "batch",
            entry("PUT", url, {**patient, "active": True}),
            entry("DELETE", "Patient?identifier=nobody"),
            entry("PATCH", url, parameters_patch("Patient.gender", valueCode="perhaps")),
            entry("POST", "Observation", observation("Patient/nobody")),
        ),
    )
    assert statuses(answer) == ["200", "204", "422", "422"]


async def test_what_takes_longer_than_a_transaction_may_last_is_refused_whole(her, monkeypatch):
    before = await her.stored()
    monkeypatch.setattr(horizon, "LIFETIME", 0.0)
    answer = await her.post(
        "", bundle("transaction", entry("POST", "Practitioner", practitioner("1")))
    )
    assert answer.status_code == 413
    assert issues(answer)[0]["code"] == "too-costly"
    assert "60 s" in issues(answer)[0]["diagnostics"]
    assert await her.stored() == before


async def test_more_entries_than_the_limit_are_a_413(store, spec, patient):
    async with health(store, spec, max_bundle_entries=2) as fhir:
        made = bundle("transaction", *[entry("POST", "Patient", patient)] * 3)
        answer = await fhir.post("", made)
        assert answer.status_code == 413
        assert issues(answer)[0]["code"] == "too-costly"
        assert await fhir.stored() == 0
