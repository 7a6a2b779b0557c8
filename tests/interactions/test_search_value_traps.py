"""What search gets wrong elsewhere with dates, numbers, pairs and pages, asked over HTTP."""

from urllib.parse import quote, urlencode

import pytest

from tests.client import health
from tests.interactions.traps import asked, ids, linked, measured, page, put, refused


@pytest.fixture
async def fhir(store, spec):
    """Give a base where what is searched may refer to nobody."""
    async with health(store, spec, referential_integrity=False) as client:
        yield client


# Dates


def aimed(*dates):
    concept = {"text": "goal"}
    return {
        "lifecycleStatus": "active",
        "description": concept,
        "subject": {"reference": "Patient/1"},
        "target": [{"measure": concept, "dueDate": date} for date in dates],
    }


async def test_one_date_is_not_met_by_the_start_of_one_value_and_the_end_of_another(fhir):
    await put(fhir, "Goal", "around", **aimed("2026-01-10", "2026-12-10"))
    await put(fhir, "Goal", "inside", **aimed("2026-06-10", "2026-12-10"))
    assert await ids(fhir, "Goal?target-date=2026-06") == ["inside"]
    assert await ids(fhir, "Goal?target-date=ap2026-06") == ["inside"]
    # Two parameters are two questions: each may be met by a value of its own.
    both = "Goal?target-date=ge2026-03&target-date=le2026-09"
    assert await ids(fhir, both) == ["around", "inside"]


async def test_a_day_is_the_day_of_the_servers_zone(fhir):
    for identity, moment in {
        "early": "2026-01-02T00:30:00+07:00",
        "utc": "2026-01-01T17:30:00Z",
        "before": "2026-01-01T23:59:59+07:00",
        "day": "2026-01-02",
    }.items():
        await put(fhir, "Observation", identity, **measured(effectiveDateTime=moment))
    assert await ids(fhir, "Observation?date=2026-01-02") == ["day", "early", "utc"]
    assert await ids(fhir, "Observation?date=lt2026-01-02") == ["before"]
    assert await ids(fhir, "Observation?date=2026-01-01") == ["before"]


async def test_a_date_that_is_none_is_refused(fhir):
    for date in [
        "2026-02-30",
        "2025-02-29",
        "2026-13",
        "26",
        "2026-1-1",
        "20260101",
        "2026-01-01T10",
        "2026-01-01T25:00",
        "2026-01-01T10:00:00+99:00",
        "\uff12026",
        "ge ge2026",
        "xx2026",
        "now",
        "1e3",
    ]:
        assert "birthdate" in await refused(fhir, f"Patient?birthdate={quote(date)}")


async def test_the_moment_an_answer_names_finds_what_it_names(fhir):
    await put(fhir, "Patient", "1")
    updated = (await page(fhir, "Patient/1"))["meta"]["lastUpdated"]
    found = [
        prefix
        for prefix in ("", "eq", "ge", "le", "ap", "gt", "lt", "sa", "eb", "ne")
        if await asked(fhir, "Patient", ("_lastUpdated", prefix + updated))
    ]
    assert found == ["", "eq", "ge", "le", "ap"]
    between = [("_lastUpdated", f"ge{updated}"), ("_lastUpdated", "lt2100")]
    assert await asked(fhir, "Patient", *between) == ["1"]
    assert await ids(fhir, "Patient?_lastUpdated=lt2026&_lastUpdated=gt2020") == []


# Numbers, quantities, pairs


def risk(probability):
    subject = {"reference": "Patient/1"}
    told = [{"probabilityDecimal": probability}]
    return {"status": "final", "subject": subject, "prediction": told}


async def test_a_number_is_as_wide_as_its_digits(fhir):
    for identity, value in {"a": 0.8, "b": 0.84, "c": 0.75, "d": 0.849, "e": 0.85}.items():
        await put(fhir, "RiskAssessment", identity, **risk(value))
    for text, found in {
        "0.8": ["a", "b", "c", "d"],
        "0.80": ["a"],
        "8e-1": ["a", "b", "c", "d"],
        "8.0e-1": ["a"],
        "0.8000000000000000000000000001": [],
        "gt0.84": ["d", "e"],
        "ge0.84": ["b", "d", "e"],
        "lt0.8": ["c"],
        "le0.80": ["a", "c"],
        "ne0.8": ["e"],
        "-0.8": [],
    }.items():
        assert await ids(fhir, f"RiskAssessment?probability={text}") == found, text


async def test_a_number_that_is_none_is_refused(fhir):
    for text in [
        "NaN",
        "Infinity",
        "0x10",
        "1_0",
        "\uff11",
        ".",
        "5 mg",
        "1e",
        "--1",
        "ge",
        "1e999999999",
    ]:
        query = f"RiskAssessment?{urlencode({'probability': text})}"
        assert "probability" in await refused(fhir, query)


def pressure(*pairs):
    return measured(
        component=[
            {
                "code": {"coding": [{"code": code}]},
                "valueQuantity": {"value": value, "unit": "mmHg"},
            }
            for code, value in pairs
        ]
    )


async def test_a_pair_is_met_by_one_component_and_not_by_two(fhir):
    await put(fhir, "Observation", "crossed", **pressure(("8480-6", 80), ("8462-4", 120)))
    await put(fhir, "Observation", "usual", **pressure(("8480-6", 120), ("8462-4", 80)))
    for name in ("component-code-value-quantity", "combo-code-value-quantity"):
        assert await asked(fhir, "Observation", (name, "8480-6$gt100")) == ["usual"]
        assert await asked(fhir, "Observation", (name, "8480-6$lt100")) == ["crossed"]
        both = [(name, "8480-6$gt100"), (name, "8462-4$gt100")]
        assert await asked(fhir, "Observation", *both) == []
        for text in ("8480-6", "8480-6$", "$120", "8480-6$gt100$1", "$"):
            assert name in await refused(fhir, f"Observation?{urlencode({name: text})}")


# Pages


async def test_a_walk_meets_each_once_while_others_insert_and_delete(fhir):
    for number in range(10, 30):
        await put(fhir, "Patient", f"p{number}", birthDate=f"19{number}-01-01")
    met, url = [], "Patient?_sort=birthdate&_count=4"
    while url:
        found = await page(fhir, url)
        here = [entry["resource"]["id"] for entry in found.get("entry", [])]
        met += here
        # Behind the page, ahead of it, and on it; one that stands ahead goes.
        await put(fhir, "Patient", f"q{len(met)}", birthDate="1900-01-01")
        await put(fhir, "Patient", f"z{len(met)}", birthDate="1930-01-01")
        for identity in here[-1:]:
            await fhir.delete(f"Patient/{identity}")
        if len(met) == 4:
            await fhir.delete("Patient/p20")
        url = linked(found, "next")
    old = [one for one in met if one.startswith("p")]
    assert old == [f"p{number}" for number in range(10, 30) if number != 20]
    assert len(met) == len(set(met))
    assert not [one for one in met if one.startswith("q")]


async def test_a_page_link_is_good_for_its_own_search_only(fhir):
    for number in range(5):
        await put(fhir, "Patient", f"p{number}", gender="male")
    following = linked(await page(fhir, "Patient?gender=male&_count=2"), "next")
    token = following.partition("_page=")[2].partition("&")[0]
    assert await ids(fhir, following) == ["p2", "p3"]
    assert await refused(fhir, f"Patient?gender=female&_page={token}")
    assert await refused(fhir, f"Observation?_page={token}")


async def test_equal_sort_values_are_paged_without_gap_or_repetition(fhir):
    for number in range(10):
        await put(fhir, "Patient", f"p{number}", **({"gender": "male"} if number % 2 else {}))
    met, url = [], "Patient?_sort=-gender&_count=3"
    while url:
        found = await page(fhir, url)
        met += [entry["resource"]["id"] for entry in found["entry"]]
        url = linked(found, "next")
    assert met == ["p9", "p7", "p5", "p3", "p1", "p8", "p6", "p4", "p2", "p0"]


async def test_an_order_that_is_none_is_refused(fhir):
    for sort in ["nonsense", "-", "name:exact", "_count", "name,-nonsense", "--name"]:
        assert "_sort" in await refused(fhir, f"Patient?_sort={sort}")


async def test_a_form_and_a_query_string_are_one_search(fhir):
    await put(fhir, "Patient", "1", gender="male", birthDate="1990-01-01")
    await put(fhir, "Patient", "2", gender="male", birthDate="1991-01-01")
    url = "/fhir/Patient/_search?gender=male"
    answer = await fhir.http.post(url, data={"birthdate": "1991"})
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ["2"]
