"""References lead somewhere, and what is referred to stays."""

import pytest

from tests.client import BASE_URL, health, issues
from tests.interactions.bundles import bundle, entry, observation


async def chart(fhir):
    await fhir.put("Patient/p1", {"resourceType": "Patient", "id": "p1"})
    await fhir.put("Observation/o1", {**observation("Patient/p1"), "id": "o1"})


@pytest.mark.parametrize(
    "reference", ["Patient/nobody", f"{BASE_URL}/Patient/nobody", "Patient/nobody/_history/2"]
)
async def test_a_reference_to_nothing_is_refused_with_its_place(fhir, reference):
    answer = await fhir.post("Observation", observation(reference))
    assert answer.status_code == 422
    [issue] = issues(answer)
    assert (issue["code"], issue["expression"]) == ("not-found", ["Observation.subject.reference"])
    assert await fhir.stored() == 0


@pytest.mark.parametrize(
    "reference", ["http://other.example/fhir/Patient/1", "urn:oid:1.2.3", "#inside"]
)
async def test_what_is_elsewhere_is_not_looked_for(fhir, reference):
    inside = {"contained": [{"resourceType": "Patient", "id": "inside"}]}
    made = observation(reference, **inside if reference == "#inside" else {})
    assert (await fhir.post("Observation", made)).status_code == 201


async def test_a_search_stands_for_a_reference_in_transactions_only(fhir):
    answer = await fhir.post("Observation", observation("Patient?identifier=1"))
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Observation.subject.reference"]
    batch = bundle("batch", entry("POST", "Observation", observation("Patient?identifier=1")))
    told = (await fhir.post("", batch)).json()["entry"][0]["response"]
    assert told["status"].startswith("422")


async def test_a_deleted_target_is_none(fhir):
    await fhir.put("Patient/p1", {"resourceType": "Patient", "id": "p1"})
    await fhir.delete("Patient/p1")
    assert (await fhir.post("Observation", observation("Patient/p1"))).status_code == 422


async def test_every_missing_target_is_told(fhir):
    made = observation("Patient/a", performer=[{"reference": "Practitioner/b"}])
    places = {issue["expression"][0] for issue in issues(await fhir.post("Observation", made))}
    assert places == {"Observation.subject.reference", "Observation.performer[0].reference"}


async def test_what_others_refer_to_is_not_deleted(fhir):
    await chart(fhir)
    answer = await fhir.delete("Patient/p1")
    assert answer.status_code == 409
    assert "Observation/o1 refers to Patient/p1" in issues(answer)[0]["diagnostics"]
    assert (await fhir.get("Patient/p1")).status_code == 200
    await fhir.delete("Observation/o1")
    assert (await fhir.delete("Patient/p1")).status_code == 204


async def test_both_ends_are_deleted_in_one_transaction(fhir):
    await chart(fhir)
    both = bundle("transaction", entry("DELETE", "Patient/p1"), entry("DELETE", "Observation/o1"))
    assert (await fhir.post("", both)).status_code == 200
    assert await fhir.stored() == 0


async def test_a_transaction_may_turn_a_reference_away_and_delete_its_target(fhir):
    await chart(fhir)
    await fhir.put("Patient/p2", {"resourceType": "Patient", "id": "p2"})
    changed = {**observation("Patient/p2"), "id": "o1"}
    turned = bundle(
        "transaction", entry("DELETE", "Patient/p1"), entry("PUT", "Observation/o1", changed)
    )
    assert (await fhir.post("", turned)).status_code == 200


async def test_a_transaction_cannot_refer_to_what_it_deletes(fhir):
    await fhir.put("Patient/p1", {"resourceType": "Patient", "id": "p1"})
    both = bundle(
        "transaction",
        entry("DELETE", "Patient/p1"),
        entry("POST", "Observation", observation("Patient/p1")),
    )
    answer = await fhir.post("", both)
    assert answer.status_code == 422
    assert (await fhir.get("Patient/p1")).status_code == 200


async def test_a_resource_may_refer_to_itself_and_be_deleted(fhir):
    itself = {
        "resourceType": "Patient",
        "id": "p1",
        "link": [{"type": "seealso", "other": {"reference": "Patient/p1"}}],
    }
    assert (await fhir.put("Patient/p1", itself)).status_code == 201
    assert (await fhir.delete("Patient/p1")).status_code == 204


async def test_what_a_record_says_happened_holds_nothing_and_needs_nothing(fhir):
    await fhir.put("Patient/p1", {"resourceType": "Patient", "id": "p1"})
    record = {
        "resourceType": "Provenance",
        "target": [{"reference": "Patient/p1/_history/1"}, {"reference": "Patient/gone"}],
        "recorded": "2026-11-28T00:00:00Z",
        "agent": [{"who": {"display": "a test"}}],
    }
    assert (await fhir.post("Provenance", record)).status_code == 201
    assert (await fhir.delete("Patient/p1")).status_code == 204


PLACE = "urn:uuid:5d0d1f0e-2f6b-4c43-9a53-6a1f6ac0a1b2"


async def test_what_a_stored_bundle_holds_is_not_looked_into(fhir):
    stored = bundle("collection", {"fullUrl": PLACE, "resource": observation("Patient/nobody")})
    assert (await fhir.post("Bundle", stored)).status_code == 201


async def test_integrity_can_be_switched_off(store, spec):
    async with health(store, spec, referential_integrity=False) as fhir:
        assert (await fhir.post("Observation", observation("Patient/x"))).status_code == 201
        await chart(fhir)
        assert (await fhir.delete("Patient/p1")).status_code == 204
