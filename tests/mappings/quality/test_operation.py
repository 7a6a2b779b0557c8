"""$data-quality over what was submitted."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.client import issues
from tests.submission.envelopes import envelope
from tests.submission.stored import only, submit, submitted


def parts(listed):
    found = {}
    for one in listed:
        value = next(value for key, value in one.items() if key != "name")
        found.setdefault(one["name"], []).append(parts(value) if "part" in one else value)
    return found


async def rows(fhir, query=""):
    response = await fhir.get(f"$data-quality{query}")
    assert response.status_code == 200, response.text
    return [parts(one["part"]) for one in response.json().get("parameter", ())]


async def test_a_day_without_arrivals_has_no_rows(fhir):
    assert await rows(fhir) == []


async def test_what_arrived_today_is_told_by_facility(fhir):
    await submitted(fhir, envelope(MA_LK="A"))
    await submit(fhir, envelope(MA_LK="B", NGAY_VAO="202513010815"))
    (row,) = await rows(fhir)
    assert row["facility"][0]["value"] == "99001"
    assert (row["visits"], row["refused"]) == ([1], [1])
    (filled,) = row["completeness"]
    assert filled["profile"] == ["skdt-46"]
    assert 0.5 < filled["share"][0] < 1
    missing = {one["field"][0]["code"] for one in filled["missing"]}
    assert "01" not in missing
    assert "21" in missing


async def test_the_facility_and_the_days_narrow_the_report(fhir):
    await submitted(fhir, envelope())
    today = (datetime.now(UTC) + timedelta(hours=7)).date()
    assert len(await rows(fhir, f"?facility=99001&from={today - timedelta(days=1)}")) == 1
    assert await rows(fhir, "?facility=99002") == []
    assert await rows(fhir, f"?to={today - timedelta(days=1)}") == []


async def test_a_visit_sent_again_is_repeated_and_keeps_its_first_arrival(fhir):
    await submitted(fhir, envelope())
    before = await only(fhir, "DocumentReference")
    await submitted(fhir, envelope(HO_TEN="Nguyễn Thị Bưởi Bưởi"))
    after = await only(fhir, "DocumentReference")
    assert first_arrival(after) == first_arrival(before)
    (row,) = await rows(fhir)
    assert (row["visits"], row["repeated"]) == ([1], [1])


def first_arrival(document):
    (noted,) = document["extension"]
    return next(one["valueInstant"] for one in noted["extension"] if one["url"] == "arrived")


@pytest.mark.parametrize(
    "query",
    [
        "?facility=", "?facility=99001|x", "?from=2025-02-30", "?to=yesterday", "?day=2025-01-01",
        f"?from={date.max}", "?from=2020-01-01", "?from=0000-00-00",
    ],
)  # fmt: skip
async def test_what_cannot_be_asked_is_a_400_that_says_why(fhir, query):
    response = await fhir.get(f"$data-quality{query}")
    assert response.status_code == 400
    assert issues(response)[0]["diagnostics"]
