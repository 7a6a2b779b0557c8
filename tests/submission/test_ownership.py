"""Hospital A sends its own envelope and means B's: what B's submissions made stays as it is."""

import pytest

from fhir_server.fhir import json
from mappings.submission.papers import USED, marked
from tests.submission.envelopes import MA_LK, envelope, tables, visit
from tests.submission.stored import (
    as_stored,
    dangling,
    everything,
    faults,
    of_type,
    only,
    submit,
    submitted,
    texts,
)

A, B = "99001", "99002"
CCCD = "http://fhir.hl7.org.vn/core/sid/cccd"
LATER = {"arrived": "202511010800", "left": ""}


async def unchanged(fhir, before, *but):
    """Assert that all there was is there byte for byte, `but` these."""
    after = await as_stored(fhir)
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == set(but)
    return after


async def named(fhir, type_, facility):
    """Give `Type/id` of the one resource of a type that a facility's submissions made."""
    kept = await as_stored(fhir)
    (name,) = (
        name for name, (_, owner) in kept.items() if owner == facility and name.startswith(type_)
    )
    return name


async def letter_of(fhir, facility):
    """Give `ServiceRequest/id` of a facility's only referral letter."""
    every, kept = await everything(fhir), await as_stored(fhir)
    (name,) = (
        name
        for name, one in every.items()
        if kept[name][1] == facility
        and any(
            "/so-giay-chuyen-tuyen/" in number["system"] for number in one.get("identifier", ())
        )
        and one["resourceType"] == "ServiceRequest"
    )
    return name


def quoting(facility, origin, field, **changes):
    """Give a later visit of a facility that quotes a number of another one's sample paper."""
    text = tables()["XML13" if field == "GIAY_CHUYEN_TUYEN" else "XML14"]
    number = text.partition(f"<{field}>")[2].partition("<")[0]
    told = {"GIAY_CHUYEN_TUYEN": number, "MA_NOI_DI": origin, "NGAY_TAI_KHAM": ""}
    return visit("QUOTES", **LATER, facility=facility, created="20251101", **told | changes)


async def test_the_ma_lk_of_another_hospital_is_a_visit_of_its_own(fhir, hospital):
    await submitted(await hospital(B), envelope(facility=B))
    before = await as_stored(fhir)
    client = await hospital(A)
    await submitted(client, envelope(facility=A, DIA_CHI="Số 9, phố Giả", CACH_DUNG="Giả"))
    after = await unchanged(fhir, before)
    assert {owner for name, (_, owner) in after.items() if name not in before} == {A, None}
    assert len(await of_type(fhir, "Encounter")) == 2
    await submitted(client, envelope(facility=A, created="20250902", drop=("XML3", "XML4")))
    await unchanged(fhir, before)
    every = await everything(fhir)
    assert (dangling(every), faults(fhir, every)) == ([], {})


async def test_a_patient_another_hospital_made_is_referred_to_and_left(fhir, hospital):
    await submitted(await hospital(B), visit(1, facility=B))
    before = await as_stored(fhir)
    client = await hospital(A)
    told = await submitted(client, visit(2, **LATER, DIA_CHI="Số 9, phố Giả", MA_BN="X"))
    assert any("left as it is" in one for one in told)
    await unchanged(fhir, before)
    patient = await named(fhir, "Patient/", B)
    encounter = (await everything(fhir))[await named(fhir, "Encounter/", A)]
    assert encounter["subject"] == {"reference": patient}
    assert len(await of_type(fhir, "Patient")) == 1


async def test_what_another_hospital_says_of_a_patient_is_put_up_for_review_once(fhir, hospital):
    await submitted(await hospital(B), visit(1, facility=B))
    client = await hospital(A)
    body = visit(2, **LATER, DIA_CHI="Số 9, phố Giả")
    await submitted(client, body)
    task = await only(fhir, "Task")
    assert task["code"]["coding"][0]["code"] == "patient-differs"
    assert task["description"] == "A file of facility 99001 says otherwise of: address."
    assert task["focus"] == {"reference": await named(fhir, "Patient/", B)}
    source = task["input"][0]["valueReference"]["reference"]
    assert source == await named(fhir, "DocumentReference/", A)
    assert (await as_stored(fhir))[f"Task/{task['id']}"][1] is None
    await submitted(client, body)
    await submitted(client, visit(3, arrived="202511020800", left="", DIA_CHI="Số 9, phố Giả"))
    assert await only(fhir, "Task") == task


async def test_the_answer_is_the_same_whether_the_stored_patient_differs(fhir, hospital):
    await submitted(await hospital(B), visit(1, facility=B))
    client = await hospital(A)
    same = await submitted(client, visit(2, facility=A))
    other = await submitted(client, visit(3, facility=A, DIEN_THOAI="0900000009"))
    assert same[:-1] == other[:-1]
    assert "Patient" not in "".join(same + other)


@pytest.mark.parametrize(
    "other", [{"HO_TEN": "TRẦN VĂN THỬ"}, {"NGAY_SINH": "198603150000"}, {"GIOI_TINH": "2"}]
)
async def test_a_doubt_does_not_tell_another_hospital_what_the_record_says(fhir, hospital, other):
    await submitted(await hospital(B), visit(1, facility=B))
    before = await as_stored(fhir)
    told = await submitted(await hospital(A), visit(2, **other))
    (line,) = (one for one in told if "provisional" in one)
    assert line.endswith(": A stored record has its numbers and says otherwise of the person.")
    after = await unchanged(fhir, before)
    assert sum(name.startswith("Patient/") for name in after) == 2


async def test_a_patient_of_the_register_is_nobodys_to_change(fhir, hospital):
    known = {"resourceType": "Patient", "identifier": [{"system": CCCD, "value": "099085000001"}]}
    await fhir.post("Patient", known)
    before = await as_stored(fhir)
    await submitted(await hospital(A), visit(1))
    await unchanged(fhir, before)


async def test_a_patient_its_own_submission_made_it_changes_whoever_came_between(fhir, hospital):
    ours, theirs = await hospital(A), await hospital(B)
    await submitted(ours, visit(1, DIA_CHI="Số 1, phố Cũ"))
    await submitted(theirs, visit(2, facility=B, arrived="202512010800", left=""))
    await submitted(ours, visit(3, **LATER, DIA_CHI="Số 2, phố Mới"))
    patient = await only(fhir, "Patient")
    assert "phố Mới" in patient["address"][0]["text"]
    assert not any(one["system"].endswith(f"/ma-bn/{B}") for one in patient["identifier"])


async def test_a_letter_another_hospital_quotes_is_marked_used_and_nothing_else(fhir, hospital):
    await submitted(await hospital(A), envelope(facility=A))
    before, was = await as_stored(fhir), await everything(fhir)
    letter = await letter_of(fhir, A)
    await submitted(await hospital(B), quoting(B, A, "GIAY_CHUYEN_TUYEN", MA_DOITUONG_KCB="1.3"))
    await unchanged(fhir, before, letter)
    now = (await everything(fhir))[letter]
    assert (was[letter].pop("status"), now.pop("status")) == ("active", "completed")
    assert (was[letter].pop("meta")["versionId"], now.pop("meta")["versionId"]) == ("1", "2")
    assert now == was[letter]
    assert (await as_stored(fhir))[letter][1] == A


async def test_a_slip_of_another_hospital_is_referred_to_and_left(fhir, hospital):
    await submitted(await hospital(A), envelope(facility=A))
    before = await as_stored(fhir)
    await submitted(await hospital(B), quoting(B, A, "SO_GIAYHEN_KL", MA_DOITUONG_KCB="1.5"))
    await unchanged(fhir, before)
    encounter = (await everything(fhir))[await named(fhir, "Encounter/", B)]
    assert encounter["appointment"][0]["reference"].startswith("Appointment/")


async def test_a_letter_that_comes_late_is_linked_in_the_visit_and_nothing_else(fhir, hospital):
    body = quoting(B, A, "GIAY_CHUYEN_TUYEN", MA_DOITUONG_KCB="1.3")
    await submitted(await hospital(B), body)
    before, was = await as_stored(fhir), await everything(fhir)
    encounter = await named(fhir, "Encounter/", B)
    await submitted(await hospital(A), envelope(facility=A))
    await unchanged(fhir, before, encounter)
    now = (await everything(fhir))[encounter]
    assert now["basedOn"][0]["reference"] == await letter_of(fhir, A)
    for one in (now, was[encounter]):
        one.pop("meta")
        one.pop("basedOn")
    assert now == was[encounter]


@pytest.mark.parametrize("kind", USED)
def test_of_what_is_anothers_only_the_marks_are_written(kind):
    stored = {"resourceType": kind, "id": "1", "status": "active", "note": [{"text": "theirs"}]}
    forged = dict.fromkeys(("id", "note", "subject", "meta", *USED[kind]), "forged")
    assert marked(stored, forged) == stored | dict.fromkeys(USED[kind], "forged")
    assert list(marked(stored, stored)) == list(stored)


async def test_what_a_provenance_was_made_to_name_is_not_entered_in_error(fhir, hospital):
    await submitted(await hospital(B), visit(1, facility=B))
    theirs = await named(fhir, "Encounter/", B)
    client = await hospital(A)
    await submitted(client, visit(2))
    name = await named(fhir, "Provenance/", A)
    forged = (await everything(fhir))[name]
    forged["target"].append({"reference": theirs})
    assert (await fhir.put(name, forged)).status_code == 200
    before = await as_stored(fhir)
    await submitted(client, visit(2, created="20250902"))
    assert (await as_stored(fhir))[theirs] == before[theirs]
    assert (await everything(fhir))[theirs]["status"] != "entered-in-error"


async def test_who_stands_where_its_visit_would_refuses_the_visit(fhir, hospital):
    body = visit(1)
    await submitted(await hospital(A), body)
    name = await named(fhir, "Encounter/", A)
    encounter = (await everything(fhir))[name]
    await fhir.context.store.database["Encounter"].update_one(
        {"_id": encounter["id"]}, {"$unset": {"owner": ""}}
    )
    before = await as_stored(fhir)
    response = await submit(await hospital(A), visit(1, created="20250902"))
    assert response.status_code == 422
    assert f"{name} is not for this client to write" in texts(response)[0]
    after = await unchanged(fhir, before)
    document = json.parse_object(
        next(body for name, (body, _) in after.items() if name not in before and b"outcome" in body)
    )
    assert document["meta"]["tag"][0]["code"] == "quarantined"


async def test_a_party_is_found_by_the_id_it_was_made_with_and_left(fhir, hospital):
    client = await hospital(A)
    await submitted(client, visit(1))
    for party in (await of_type(fhir, "Practitioner"))[:1]:
        party["identifier"] = [{"system": "http://example.org/register", "value": "1"}]
        assert (await fhir.put(f"Practitioner/{party['id']}", party)).status_code == 200
    before = await as_stored(fhir)
    await submitted(client, visit(2, **LATER))
    parties = ("Practitioner/", "Organization/")
    after = await as_stored(fhir)
    assert {name: after[name] for name in after if name.startswith(parties)} == {
        name: before[name] for name in before if name.startswith(parties)
    }


async def test_the_ids_of_two_facilities_visits_never_meet(fhir, hospital):
    await submitted(await hospital(A), envelope(facility=A, MA_LK="X|Encounter"))
    await submitted(await hospital(B), envelope(facility=B, MA_LK="X|Encounter"))
    kept = await as_stored(fhir)
    both = [sum(owner == one for _, owner in kept.values()) for one in (A, B)]
    assert min(both) > len(tables())
    assert MA_LK not in str(kept)


@pytest.mark.parametrize("form", ["single", "batch", "transaction"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_write_that_is_no_submission_is_refused_for_what_is_and_what_never_was(
    fhir, hospital, form, method
):
    await submitted(await hospital(B), visit(1, facility=B))
    theirs = await named(fhir, "Encounter/", B)
    resource = (await everything(fhir))[theirs]
    before = await as_stored(fhir)
    client = await hospital(A, scopes=("system/*.cruds",))
    answers = []
    for id_ in (resource["id"], "never-was"):
        status, told = await write(client, form, method, resource | {"id": id_})
        answers.append((status, told.replace(id_, "*")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 403
    assert "what its own submissions made" in answers[0][1]
    await unchanged(fhir, before)


async def write(client, form, method, resource):
    """Give the status and the outcome of one write, alone or in a Bundle."""
    url = f"{resource['resourceType']}/{resource['id']}"
    if form == "single":
        found = await (client.delete(url) if method == "DELETE" else client.put(url, resource))
        return found.status_code, found.text
    entry = {"request": {"method": method, "url": url}}
    if method == "PUT":
        entry["resource"] = resource
    found = await client.post("", {"resourceType": "Bundle", "type": form, "entry": [entry]})
    if form == "transaction":
        return found.status_code, found.text
    (answer,) = found.json()["entry"]
    return int(answer["response"]["status"][:3]), str(answer["response"]["outcome"])
