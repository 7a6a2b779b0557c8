"""One visit, sent once, again, changed, late."""

import asyncio

from tests.submission.envelopes import MA_LK, envelope, without_row
from tests.submission.stored import (
    dangling,
    everything,
    faults,
    of_type,
    only,
    said,
    submit,
    submitted,
    texts,
    versions,
)


def one_service_less(text):
    return without_row(text, "CHI_TIET_DVKT", 1)


async def test_the_first_answer_says_how_many_resources_were_made(fhir, sample):
    told = await submitted(fhir, sample)
    assert told[-1] == (
        f"MA_LK {MA_LK}: stored; {await fhir.stored()} created, 0 changed, all else as before."
    )


async def test_the_sample_sent_twice_leaves_everything_as_it_was(fhir, sample):
    await submitted(fhir, sample)
    before = await everything(fhir)
    told = await submitted(fhir, sample)
    assert told[-1] == f"MA_LK {MA_LK}: stored; 0 created, 0 changed, all else as before."
    assert await everything(fhir) == before


async def test_what_is_stored_is_well_made_and_its_references_lead_somewhere(fhir, sample):
    await submitted(fhir, sample)
    await submitted(fhir, envelope(created="20250801"))
    every = await everything(fhir)
    assert dangling(every) == []
    assert faults(fhir, every) == {}


async def test_a_changed_resubmission_makes_new_versions_of_what_changed_only(fhir, sample):
    await submitted(fhir, sample)
    before = versions(await everything(fhir))
    told = await submitted(fhir, envelope(created="20250902", CACH_DUNG="Uống trước ăn"))
    after = versions(await everything(fhir))
    changed = {name for name in before if after[name] != before[name]}
    assert {name.partition("/")[0] for name in changed} == {
        "DocumentReference",
        "MedicationRequest",
        "Provenance",
    }
    assert len(after) == len(before) + 1
    assert all(f"{name} version 2" in told[-1] for name in changed)


async def test_what_disappeared_is_entered_in_error_and_well_made(fhir, sample):
    await submitted(fhir, sample)
    before = await everything(fhir)
    bare = envelope(
        created="20250902",
        drop=("XML2", "XML3", "XML4", "XML5", "XML13", "XML14"),
        MA_THE_BHYT="",
        MA_BENH_KT="",
        CHAN_DOAN_VAO="Khác",
        CAN_NANG="",
        NGAY_TAI_KHAM="",
    )
    await submitted(fhir, bare)
    after = await everything(fhir)
    gone = {name.partition("/")[0] for name, one in after.items() if in_error(one)}
    assert gone >= {
        "Appointment",
        "ClinicalImpression",
        "Composition",
        "Condition",
        "Coverage",
        "DiagnosticReport",
        "MedicationRequest",
        "Observation",
        "ServiceRequest",
    }
    assert before.keys() < after.keys()
    assert faults(fhir, after) == {}
    assert dangling(after) == []


def in_error(resource):
    if resource["resourceType"] == "Condition":
        assert "clinicalStatus" not in resource
        return resource["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    return resource.get("status") == "entered-in-error"


async def test_what_disappeared_comes_back_when_it_is_sent_again(fhir, sample):
    await submitted(fhir, sample)
    before = await everything(fhir)
    await submitted(fhir, envelope(created="20250902", edit={"XML3": one_service_less}))
    less = await everything(fhir)
    assert any(map(in_error, less.values()))
    await submitted(fhir, envelope(created="20250903"))
    after = await everything(fhir)
    assert not any(map(in_error, after.values()))
    own = [name for name in before if name.partition("/")[0] in ("ServiceRequest", "Encounter")]
    assert [said(after[name]) for name in own] == [said(before[name]) for name in own]


async def test_what_stays_away_gets_no_further_versions(fhir, sample):
    await submitted(fhir, sample)
    await submitted(fhir, envelope(created="20250902", edit={"XML3": one_service_less}))
    before = versions(await everything(fhir))
    await submitted(fhir, envelope(created="20250903", edit={"XML3": one_service_less}))
    after = versions(await everything(fhir))
    changed = {name.partition("/")[0] for name in before if after[name] != before[name]}
    assert changed == {"DocumentReference", "Provenance"}


async def test_an_older_file_arriving_late_is_kept_and_changes_nothing(fhir):
    await submitted(fhir, envelope(created="20250905"))
    before = await everything(fhir)
    told = await submitted(fhir, envelope(created="20250904", TEN_THUOC="Thuốc khác"))
    after = await everything(fhir)
    new = [one for name, one in after.items() if name not in before]
    assert {name: after[name] for name in before} == before
    assert sorted(one["resourceType"] for one in new) == ["Binary", "DocumentReference"]
    (late,) = (one for one in new if one["resourceType"] == "DocumentReference")
    assert late["status"] == "superseded"
    assert dangling(after) == []
    assert any("2025-09-04" in text and "2025-09-05" in text for text in told)
    assert "kept beside the newer one" in told[-1]


async def test_a_late_file_sent_twice_makes_nothing_new(fhir):
    await submitted(fhir, envelope(created="20250905"))
    await submitted(fhir, envelope(created="20250904"))
    before = await everything(fhir)
    told = await submitted(fhir, envelope(created="20250904"))
    assert await everything(fhir) == before
    assert "; 0 created, 0 changed" in told[-1]


async def test_on_the_same_day_the_later_arrival_wins_and_the_answer_says_so(fhir, sample):
    await submitted(fhir, sample)
    told = await submitted(fhir, envelope(TEN_THUOC="Thuốc thứ hai"))
    medicine = await only(fhir, "MedicationRequest")
    assert "Thuốc thứ hai" in medicine["medicationCodeableConcept"]["text"]
    assert any("the later arrival wins" in text for text in told)
    await submitted(fhir, sample)
    medicine = await only(fhir, "MedicationRequest")
    assert "Metformin" in medicine["medicationCodeableConcept"]["text"]


async def test_one_visit_sent_many_times_at_once_is_stored_once(fhir, sample):
    await submitted(fhir, sample)
    expected = await fhir.stored()
    body = envelope(MA_LK="TEST-AT-ONCE")
    answers = await asyncio.gather(*(submit(fhir, body) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert sum("; 0 created, 0 changed" in texts(answer)[-1] for answer in answers) == 4
    assert len(await of_type(fhir, "Encounter")) == 2
    assert await fhir.stored() < 2 * expected


async def test_the_same_visit_number_at_another_facility_is_another_visit(fhir, sample):
    await submitted(fhir, sample)
    await submitted(fhir, envelope(facility="99005"))
    assert len(await of_type(fhir, "Encounter")) == 2
    assert dangling(await everything(fhir)) == []


async def test_records_that_were_edited_do_not_break_the_next_submission(fhir, sample):
    await submitted(fhir, sample)
    document, provenance = await only(fhir, "DocumentReference"), await only(fhir, "Provenance")
    for name in ("subject", "author", "context", "date"):
        del document[name]
    provenance["target"] += [{"display": "x"}, {"reference": "http://example.org/List/1"}]
    for resource in (document, provenance):
        await fhir.put(f"{resource['resourceType']}/{resource['id']}", resource)
    await submitted(fhir, envelope(created="20250801"))
    del document["content"][0]["attachment"]["creation"]
    await fhir.put(f"DocumentReference/{document['id']}", document)
    await submitted(fhir, sample)
    assert dangling(await everything(fhir)) == []
