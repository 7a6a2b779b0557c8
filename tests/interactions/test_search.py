import unicodedata
from urllib.parse import quote

import pytest

from fhir_server.interactions import respond
from tests.client import BASE_URL, health, issues

NAME = "Nguyễn Thị Bưởi"


@pytest.fixture
async def fhir(store, spec):
    """Give a base where what is searched may refer to nobody."""
    async with health(store, spec, referential_integrity=False) as client:
        yield client


async def ids(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", [])]


def glucose(number, day, subject="Patient/p1"):
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2345-7"}]},
        "subject": {"reference": subject},
        "effectiveDateTime": f"2026-01-{day:02}T08:00:00+07:00",
    }


async def test_vietnamese_names_are_found_however_they_are_typed(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    for typed in (
        "nguyen thi buoi",
        NAME,
        unicodedata.normalize("NFD", NAME),
        "NGUYỄN THỊ BƯỞI",
        "buoi",
        "thi buoi",
    ):
        assert await ids(fhir, f"Patient?name={quote(typed)}") == ["p1"], typed
    assert await ids(fhir, f"Patient?name:exact={quote(NAME)}") == ["p1"]
    assert await ids(fhir, "Patient?name:exact=nguyen%20thi%20buoi") == []


async def test_tokens_references_and_dates_select(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    for number in range(1, 4):
        await fhir.put(f"Observation/o{number}", glucose(number, number))
    await fhir.put("Observation/o9", glucose(9, 2, "Patient/p2"))
    assert await ids(fhir, "Patient?identifier=099190000001") == ["p1"]
    assert await ids(fhir, "Patient?birthdate=1990-02") == ["p1"]
    assert await ids(fhir, "Patient?birthdate=gt1990-02-28") == []
    query = "Observation?patient=p1&code=http://loinc.org|2345-7"
    assert await ids(fhir, f"{query}&_sort=-date") == ["o3", "o2", "o1"]
    assert await ids(fhir, f"{query}&date=ge2026-01-02&date=lt2026-01-03") == ["o2"]
    assert await ids(fhir, f"Observation?subject={BASE_URL}/Patient/p2") == ["o9"]
    assert await ids(fhir, "Observation?_id=o1,o9&_sort=_id") == ["o1", "o9"]


async def test_a_search_by_post_is_the_same_search(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    answer = await fhir.http.post("/fhir/Patient/_search", data={"name": "bưởi"})
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ["p1"]


async def test_pages_are_stable_while_others_write(fhir):
    for number in range(10, 20):
        await fhir.put(f"Observation/o{number}", glucose(number, number))
    seen, url = [], "Observation?_sort=date&_count=3"
    while url:
        page = (await fhir.get(url)).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
        await fhir.put(f"Observation/o{len(seen)}", glucose(len(seen), 1))
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(f"{BASE_URL}/") if following else None
    assert seen == [f"o{number}" for number in range(10, 20)]


async def test_a_forged_page_link_is_refused(fhir):
    for forged in ("abc", "A" * 64, "%00"):
        assert (await fhir.get(f"Observation?_page={forged}")).status_code == 400


async def test_unknown_parameters_are_refused_by_name_unless_lenient(fhir):
    strict = await fhir.get("Patient?nonsense=1&rubbish=2")
    assert strict.status_code == 400
    assert {"nonsense" in str(issues(strict)), "rubbish" in str(issues(strict))} == {True}
    lenient = await fhir.get("Patient?nonsense=1", Prefer="handling=lenient")
    assert lenient.status_code == 200
    assert lenient.json()["entry"][0]["search"]["mode"] == "outcome"
    assert "nonsense" not in lenient.json()["link"][0]["url"]


@pytest.mark.parametrize(
    "query",
    [
        "identifier[$ne]=x",
        "$or=1",
        "__proto__=1",
        "birthdate[$gt]=",
        "birthdate=2026-02-30",
        "_count=-1",
        "_sort=nonsense",
        "_total=perhaps",
        "name:nonsense=x",
        "length=1",
        "_id=" + "x" * 5000,
    ],
)
async def test_hostile_or_impossible_queries_are_a_400(fhir, query):
    answer = await fhir.get(f"Patient?{query}")
    assert answer.status_code == 400
    assert issues(answer)


async def test_a_total_is_counted_when_asked_for(fhir):
    for number in range(1, 4):
        await fhir.put(f"Observation/o{number}", glucose(number, number))
    assert "total" not in (await fhir.get("Observation")).json()
    assert (await fhir.get("Observation?_total=accurate&_count=1")).json()["total"] == 3
    counted = (await fhir.get("Observation?_summary=count")).json()
    assert (counted["total"], "entry" in counted) == (3, False)


async def test_deleted_resources_are_not_found(fhir, patient):
    await fhir.put("Patient/p1", {**patient, "id": "p1"})
    await fhir.delete("Patient/p1")
    assert await ids(fhir, "Patient") == []


async def test_a_page_ends_where_its_bodies_fill_it(fhir, monkeypatch):
    for number in range(1, 4):
        await fhir.put(f"Observation/o{number}", glucose(number, number))
    monkeypatch.setattr(respond, "PAGE", 1)
    seen, url = [], "Observation?_sort=date"
    while url:
        page = (await fhir.get(url)).json()
        seen.append([entry["resource"]["id"] for entry in page["entry"]])
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        url = following[0].removeprefix(f"{BASE_URL}/") if following else None
    assert seen == [["o1"], ["o2"], ["o3"]]


async def test_a_timing_whose_event_is_only_an_extension_is_stored(fhir):
    absent = {"extension": [{"url": "http://test.invalid/absent", "valueCode": "unknown"}]}
    timing = {"event": [None, "2026-01-02"], "_event": [absent, None]}
    told = {key: value for key, value in glucose(1, 1).items() if key != "effectiveDateTime"}
    answer = await fhir.put("Observation/o1", {**told, "effectiveTiming": timing})
    assert answer.status_code == 201, answer.text
    assert await ids(fhir, "Observation?date=2026-01-02") == ["o1"]
