"""Which Patient a document is about: matched by number, never merged by guess."""

import asyncio

import pytest

from fhir_server.store.store import Store
from tests.client import health
from tests.submission.envelopes import SHORT, envelope, visit
from tests.submission.stored import dangling, everything, of_type, only, submit, submitted, values

CARD = "DN4990000000001"
NOBODY = {"SO_CCCD": "", "MA_THE_BHYT": "", "GT_THE_TU": "", "GT_THE_DEN": ""}


def elsewhere(number, **changes):
    """Give an envelope of another facility, where the person has another number."""
    return visit(number, facility=f"9900{number}", MA_BN=f"BN-{number}", **changes)


async def test_the_citizen_number_finds_the_same_patient_at_another_hospital(fhir):
    await submitted(fhir, visit(1))
    await submitted(fhir, elsewhere(2, MA_THE_BHYT=""))
    patient = await only(fhir, "Patient")
    assert values(patient, "/cccd") == ["099085000001"]
    assert values(patient, "/ma-bn/99001") == ["BN0000001"]
    assert values(patient, "/ma-bn/99002") == ["BN-2"]


async def test_hospitals_sending_one_citizen_at_the_same_time_make_one_patient(fhir):
    bodies = [elsewhere(number) for number in range(2, 10)]
    answers = await asyncio.gather(*(submit(fhir, body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200] * 8
    patient = await only(fhir, "Patient")
    assert all(values(patient, f"/ma-bn/9900{number}") for number in range(2, 10))
    assert len(await of_type(fhir, "Organization")) == 9
    assert dangling(await everything(fhir)) == []


async def test_two_servers_over_one_database_make_one_patient(fhir, mongodb_uri, spec):
    second = Store.open(mongodb_uri, fhir.context.store.database.name)
    async with health(second, spec) as other:
        for number in range(2, 8, 2):
            answers = await asyncio.gather(
                submit(fhir, elsewhere(number, SO_CCCD=f"09908500000{number}")),
                submit(other, elsewhere(number + 1, SO_CCCD=f"09908500000{number}")),
            )
            assert [answer.status_code for answer in answers] == [200, 200]
    await second.close()
    assert len(await of_type(fhir, "Patient")) == 3
    assert dangling(await everything(fhir)) == []


@pytest.mark.parametrize(
    "written", ["Nguyễn Văn Thử", "nguyen  van thu", "NGUYE\u0302\u0303N VĂN THỬ"]
)
async def test_the_insurance_number_finds_the_patient_with_the_name_however_written(fhir, written):
    await submitted(fhir, visit(1, SO_CCCD=""))
    await submitted(fhir, elsewhere(2, SO_CCCD="", HO_TEN=written))
    assert len(await of_type(fhir, "Patient")) == 1


async def test_the_insurance_number_is_the_last_ten_characters_of_any_card(fhir):
    await submitted(fhir, visit(1, SO_CCCD=""))
    await submitted(fhir, elsewhere(2, SO_CCCD="", MA_THE_BHYT="HT2010000000001"))
    await submitted(fhir, elsewhere(3, SO_CCCD="", MA_THE_BHYT="0000000001"))
    patient = await only(fhir, "Patient")
    assert values(patient, "/bhxh") == ["0000000001"]
    assert values(patient, "/bhyt") == [CARD, "HT2010000000001"]


@pytest.mark.parametrize(
    "other", [{"HO_TEN": "TRẦN VĂN THỬ"}, {"NGAY_SINH": "198503160000"}, {"GIOI_TINH": "2"}]
)
async def test_the_insurance_number_alone_does_not_find_another_person(fhir, other):
    await submitted(fhir, visit(1, SO_CCCD=""))
    await submitted(fhir, elsewhere(2, SO_CCCD="", **other))
    assert len(await of_type(fhir, "Patient")) == 2
    assert await of_type(fhir, "Task") == []


async def test_the_hospitals_own_number_finds_the_patient_at_that_hospital_only(fhir):
    await submitted(fhir, visit(1, **NOBODY))
    await submitted(fhir, visit(2, **NOBODY))
    assert len(await of_type(fhir, "Patient")) == 1
    await submitted(fhir, visit(3, facility="99002", **NOBODY))
    assert len(await of_type(fhir, "Patient")) == 2


async def test_a_year_of_birth_agrees_with_the_full_date_and_does_not_replace_it(fhir):
    await submitted(fhir, visit(1))
    await submitted(fhir, visit(2, arrived="202510010800", NGAY_SINH="198500000000", left=""))
    patient = await only(fhir, "Patient")
    assert patient["birthDate"] == "1985-03-15"


async def test_a_full_birth_date_replaces_the_year(fhir):
    await submitted(fhir, visit(1, NGAY_SINH="198500000000"))
    await submitted(fhir, visit(2))
    assert (await only(fhir, "Patient"))["birthDate"] == "1985-03-15"


async def test_identifiers_of_all_visits_add_up(fhir):
    await submitted(fhir, visit(1, arrived="202510010800", left="", MA_THE_BHYT=""))
    await submitted(fhir, visit(2, MA_THE_BHYT=CARD))
    await submitted(fhir, visit(3, MA_THE_BHYT="HT2990000000001"))
    patient = await only(fhir, "Patient")
    assert values(patient, "/bhyt") == [CARD, "HT2990000000001"]


async def test_the_address_of_an_older_visit_sent_later_does_not_replace_the_newer(fhir):
    await submitted(fhir, visit(1, arrived="202510010800", left="", DIA_CHI="Số 2, phố Mới"))
    await submitted(fhir, visit(2, arrived="202508010800", DIA_CHI="Số 1, phố Cũ"))
    assert "phố Mới" in (await only(fhir, "Patient"))["address"][0]["text"]
    await submitted(fhir, visit(3, arrived="202511010800", left="", DIA_CHI="Số 3, phố Sau"))
    assert "phố Sau" in (await only(fhir, "Patient"))["address"][0]["text"]


async def test_visits_sent_at_once_leave_the_demographics_of_the_latest(fhir):
    await submitted(fhir, visit(0, DIA_CHI="Số 1, phố Cũ"))
    days = [
        visit(day, arrived=f"202510{day:02}0800", left="", DIA_CHI=f"Số {day}, phố Mới")
        for day in range(1, 7)
    ]
    answers = await asyncio.gather(*(submit(fhir, body) for body in days))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert "Số 6, phố Mới" in (await only(fhir, "Patient"))["address"][0]["text"]


async def test_a_patient_known_from_elsewhere_is_found_and_keeps_what_it_has(fhir):
    system = "http://fhir.hl7.org.vn/core/sid/cccd"
    masked = {"url": "http://example.org/masked", "valueBoolean": True}
    known = {
        "resourceType": "Patient",
        "identifier": [{"system": system, "value": "099085000001"}, {"system": system}],
        "name": [
            {"family": "Nguyễn", "given": ["Văn", "Thử"]},
            {"given": [None], "_given": [{"extension": [masked]}]},
        ],
        "maritalStatus": {"text": "độc thân"},
        "extension": [{"url": "http://example.org/blood", "valueString": "O"}],
    }
    assert (await fhir.post("Patient", known)).status_code == 201
    await submitted(fhir, envelope(**SHORT))
    patient = await only(fhir, "Patient")
    assert patient["maritalStatus"] == known["maritalStatus"]
    assert patient["extension"][0] == known["extension"][0]
    assert patient["birthDate"] == "1985-03-15"
