"""Doubt about who a patient is: nothing is merged or overwritten, a person is asked."""

import asyncio

import pytest

from tests.submission.envelopes import visit
from tests.submission.stored import (
    dangling,
    everything,
    of_type,
    only,
    said,
    submit,
    submitted,
    values,
    versions,
)

ANOTHER = {"HO_TEN": "TRẦN THỊ KHÁC", "GIOI_TINH": "2"}


def merging(source, target, **more):
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "source-patient", "valueReference": {"reference": f"Patient/{source}"}},
            {"name": "target-patient", "valueReference": {"reference": f"Patient/{target}"}},
        ],
    } | more


async def provisional(fhir):
    found = [one for one in await of_type(fhir, "Patient") if "tag" in one["meta"]]
    (one,) = found
    assert one["meta"]["tag"][0]["code"] == "provisional"
    return one


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"HO_TEN": "TRẦN VĂN THỬ"}, "The name differs"),
        ({"NGAY_SINH": "198603150000"}, "The birth date differs"),
        ({"GIOI_TINH": "2"}, "The sex differs"),
        ({"SO_CCCD": "099085000002"}, "The citizen number differs"),
    ],
)
async def test_a_contradiction_makes_a_provisional_patient_and_a_task(fhir, other, reason):
    await submitted(fhir, visit(1))
    known = await only(fhir, "Patient")
    told = await submitted(fhir, visit(2, **other))
    new = await provisional(fhir)
    after = await everything(fhir)
    assert after[f"Patient/{known['id']}"] == known
    assert len(await of_type(fhir, "Patient")) == 2
    task = await only(fhir, "Task")
    assert task["focus"] == {"reference": f"Patient/{new['id']}"}
    assert task["input"][0]["valueReference"] == {"reference": f"Patient/{known['id']}"}
    assert reason in task["description"]
    assert any(reason in text for text in told)
    assert dangling(after) == []


async def test_two_patients_found_by_two_numbers_are_not_merged(fhir):
    await submitted(fhir, visit(1, MA_THE_BHYT="", MA_BN="A"))
    await submitted(fhir, visit(2, SO_CCCD="", MA_BN="B", MA_THE_BHYT="DN4990000000002"))
    before = {one["id"]: one for one in await of_type(fhir, "Patient")}
    assert len(before) == 2
    await submitted(fhir, visit(3, MA_BN="C", MA_THE_BHYT="DN4990000000002"))
    after = {one["id"]: one for one in await of_type(fhir, "Patient")}
    assert len(after) == 3
    assert {name: after[name] for name in before} == before
    task = await only(fhir, "Task")
    candidates = {one["valueReference"]["reference"] for one in task["input"]}
    assert candidates == {f"Patient/{name}" for name in before}


async def test_a_doubtful_visit_sent_again_makes_no_second_review(fhir):
    await submitted(fhir, visit(1))
    await submitted(fhir, visit(2, **ANOTHER))
    before = versions(await everything(fhir))
    await submitted(fhir, visit(2, **ANOTHER))
    assert versions(await everything(fhir)) == before


async def test_a_provisional_patient_is_never_found_by_its_numbers(fhir):
    await submitted(fhir, visit(1))
    await submitted(fhir, visit(2, MA_BN="B", **ANOTHER))
    await submitted(fhir, visit(3, MA_BN="B"))
    encounters = {one["id"]: one["subject"] for one in await of_type(fhir, "Encounter")}
    assert len(set(map(str, encounters.values()))) == 2
    assert len(await of_type(fhir, "Patient")) == 2


async def test_after_the_merge_a_visit_sent_again_is_the_survivors(fhir):
    await submitted(fhir, visit(1))
    known = await only(fhir, "Patient")
    await submitted(fhir, visit(2, MA_BN="B", **ANOTHER))
    new = await provisional(fhir)
    merged = await fhir.post("Patient/$merge", merging(new["id"], known["id"]))
    assert merged.status_code == 200, merged.text
    survivor = (await everything(fhir))[f"Patient/{known['id']}"]
    assert values(survivor, "/ma-bn/99001") == ["BN0000001", "B"]
    before = versions(await everything(fhir))
    told = await submitted(fhir, visit(2, MA_BN="B", **ANOTHER))
    assert any(f"it is Patient/{known['id']}" in text for text in told)
    assert versions(await everything(fhir)) == before
    await submitted(fhir, visit(2, MA_BN="B", created="20250910", CACH_DUNG="Khác", **ANOTHER))
    after = await everything(fhir)
    assert said(after[f"Patient/{known['id']}"]) == said(survivor)
    assert {one["subject"]["reference"] for one in await of_type(fhir, "Encounter")} == {
        f"Patient/{known['id']}"
    }
    assert len(await of_type(fhir, "Task")) == 1


async def test_a_merge_and_a_submission_at_once_leave_nothing_with_the_source(fhir):
    await submitted(fhir, visit(1))
    known = await only(fhir, "Patient")
    for number in range(2, 5):
        other = ANOTHER | {"MA_BN": f"B-{number}"}
        await submitted(fhir, visit(number, MA_BENH_KT="", **other))
        source = (await fhir.get("Patient?active:missing=true&_tag=provisional")).json()
        (name,) = (entry["resource"]["id"] for entry in source["entry"])
        more = visit(number, created="20250910", MA_BENH_KT="I10;E78.5", **other)
        answers = await asyncio.gather(
            fhir.post("Patient/$merge", merging(name, known["id"])), submit(fhir, more)
        )
        assert [answer.status_code for answer in answers] == [200, 200]
    every = await everything(fhir)
    subjects = {one["subject"]["reference"] for one in every.values() if "subject" in one}
    assert subjects == {f"Patient/{known['id']}"}
