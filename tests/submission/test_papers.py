"""A visit that quotes a referral letter or a follow-up slip, before it and after it is known."""

import pytest

from tests.submission.envelopes import envelope, tables, visit
from tests.submission.stored import dangling, everything, faults, submitted

LETTER, SLIP = "so-giay-chuyen-tuyen/99001", "so-giay-hen/99001"


def quoting(number, facility="99002", **changes):
    """Give a visit a month later that quotes a number of facility 99001."""
    told = {"GIAY_CHUYEN_TUYEN": number, "MA_NOI_DI": "99001", "NGAY_TAI_KHAM": ""}
    times = ("202510010800", "202510010930")
    return visit("QUOTES", *times, facility=facility, created="20251001", **told, **changes)


def number(kind):
    text = tables()["XML13" if kind == LETTER else "XML14"]
    field = "GIAY_CHUYEN_TUYEN" if kind == LETTER else "SO_GIAYHEN_KL"
    return text.partition(f"<{field}>")[2].partition("<")[0]


async def paper(fhir, kind):
    type_ = "ServiceRequest" if kind == LETTER else "Appointment"
    every = await everything(fhir)
    (found,) = (
        (name, one)
        for name, one in every.items()
        if name.startswith(type_)
        and any(known["system"].endswith(kind) for known in one.get("identifier", ()))
    )
    return found


async def quoter(fhir):
    every = await everything(fhir)
    (found,) = (
        one
        for one in every.values()
        if one["resourceType"] == "Encounter" and one["identifier"][0]["value"] == "TEST-QUOTES"
    )
    return found


@pytest.mark.parametrize("first", ["paper", "visit"])
async def test_a_referral_is_completed_by_the_visit_that_quotes_it(fhir, sample, first):
    both = [sample, quoting(number(LETTER), MA_DOITUONG_KCB="1.3")]
    for body in both if first == "paper" else reversed(both):
        await submitted(fhir, body)
    name, letter = await paper(fhir, LETTER)
    (link,) = (await quoter(fhir))["basedOn"]
    assert link["reference"] == name
    assert link["identifier"]["value"] == number(LETTER)
    assert letter["status"] == "completed"
    every = await everything(fhir)
    assert dangling(every) == []
    assert faults(fhir, every) == {}


@pytest.mark.parametrize("first", ["paper", "visit"])
@pytest.mark.parametrize("category", ["1.5", "1.1"])
async def test_a_slip_is_fulfilled_whatever_the_number_was_taken_for(fhir, sample, first, category):
    both = [sample, quoting(number(SLIP), "99001", MA_DOITUONG_KCB=category)]
    for body in both if first == "paper" else reversed(both):
        await submitted(fhir, body)
    name, slip = await paper(fhir, SLIP)
    encounter = await quoter(fhir)
    assert "basedOn" not in encounter
    assert [one["reference"] for one in encounter["appointment"]] == [name]
    assert slip["status"] == "fulfilled"


async def test_a_slip_for_a_day_begins_with_the_visit_when_it_is_fulfilled(fhir):
    await submitted(fhir, envelope(NGAY_HEN_KL="20250929"))
    assert "start" not in (await paper(fhir, SLIP))[1]
    await submitted(fhir, quoting(number(SLIP), "99001", MA_DOITUONG_KCB="1.5"))
    _, slip = await paper(fhir, SLIP)
    assert (slip["status"], slip["start"]) == ("fulfilled", "2025-10-01T08:00:00+07:00")


async def test_either_document_sent_again_changes_nothing(fhir, sample):
    await submitted(fhir, sample)
    later = quoting(number(LETTER), MA_DOITUONG_KCB="1.3")
    await submitted(fhir, later)
    before = await everything(fhir)
    for body in (sample, later, sample):
        told = await submitted(fhir, body)
        assert "; 0 created, 0 changed" in told[-1]
    assert await everything(fhir) == before


async def test_a_letter_to_another_facility_stays_open(fhir, sample):
    await submitted(fhir, sample)
    await submitted(fhir, quoting(number(LETTER), "99007", MA_DOITUONG_KCB="1.3"))
    name, letter = await paper(fhir, LETTER)
    assert [one["reference"] for one in (await quoter(fhir))["basedOn"]] == [name]
    assert letter["status"] == "active"


async def test_a_number_of_another_patient_or_facility_ties_nothing(fhir, sample):
    await submitted(fhir, sample)
    other = {"SO_CCCD": "099185000009", "HO_TEN": "TRẦN THỊ KHÁC", "MA_THE_BHYT": "", "MA_BN": "X"}
    await submitted(fhir, quoting(number(LETTER), MA_DOITUONG_KCB="1.3", **other))
    assert "reference" not in (await quoter(fhir))["basedOn"][0]
    assert (await paper(fhir, LETTER))[1]["status"] == "active"


async def test_a_slip_that_disappeared_is_well_made(fhir):
    await submitted(fhir, envelope(NGAY_HEN_KL="20250929"))
    await submitted(fhir, envelope(created="20250902", drop=("XML14",), NGAY_TAI_KHAM=""))
    _, slip = await paper(fhir, SLIP)
    assert slip["status"] == "entered-in-error"
    assert slip["start"] == slip["end"] == "2025-09-29T00:00:00+07:00"
