"""`_contained`: what stands inside other resources is found by its own parameters."""

import pytest

from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions.context import Context
from fhir_server.search.condition import Everything
from tests.client import BASE_URL, health, issues
from tests.interactions.bundles import observation


def inner(identity, name, **more):
    return {"resourceType": "Patient", "id": identity, "name": [{"text": name}], **more}


@pytest.fixture
async def fhir(store, spec):
    """Give a patient, and an observation and a condition that contain one or two."""
    async with health(store, spec, referential_integrity=False, validation="structure") as client:
        an, binh = inner("a", "Trần Văn An", gender="male"), inner("b", "Lê Thị Bình")
        stored = [
            {**inner("p1", "Nguyễn Văn An"), "contained": [inner("c", "Hồ Văn An")]},
            {**observation("#a"), "id": "o1", "contained": [an, binh]},
            {**observation("Patient/p1"), "id": "o2"},
            {
                "resourceType": "Condition",
                "id": "c1",
                "subject": {"reference": "#b"},
                "contained": [binh, {"resourceType": "Practitioner", "id": "d", "active": True}],
            },
        ]
        for one in stored:
            answer = await client.put(f"{one['resourceType']}/{one['id']}", one)
            assert answer.status_code == 201, answer.text
        yield client


async def found(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 200, answer.text
    return [one["fullUrl"].removeprefix(f"{BASE_URL}/") for one in answer.json().get("entry", ())]


async def test_a_search_finds_nothing_that_is_contained_unless_asked_to(fhir):
    assert await found(fhir, "Patient?name=an") == ["Patient/p1"]
    assert await found(fhir, "Patient?name=an&_contained=false") == ["Patient/p1"]


async def test_what_contains_a_match_is_told(fhir):
    assert await found(fhir, "Patient?name=an&_contained=true") == ["Observation/o1", "Patient/p1"]
    assert await found(fhir, "Patient?name=binh&_contained=true") == [
        "Condition/c1",
        "Observation/o1",
    ]
    assert await found(fhir, "Practitioner?active=true&_contained=true") == ["Condition/c1"]
    assert await found(fhir, "Patient?_id=p1&_contained=true") == []


async def test_one_contained_resource_meets_all_that_is_asked(fhir):
    assert await found(fhir, "Patient?name=an&gender=male&_contained=true") == ["Observation/o1"]
    assert await found(fhir, "Patient?name=binh&gender=male&_contained=true") == []
    assert await found(fhir, "Patient?_id=b&gender:missing=true&_contained=true") == [
        "Condition/c1",
        "Observation/o1",
    ]
    assert await found(fhir, "Patient?gender:not=male&name=le&_contained=true&_count=1") == [
        "Condition/c1"
    ]


async def test_a_match_is_told_by_itself(fhir):
    query = "Patient?name=an,binh&_contained=true&_containedType=contained"
    assert await found(fhir, query) == [
        "Condition/c1#b",
        "Observation/o1#a",
        "Observation/o1#b",
        "Patient/p1#c",
    ]
    entry = (await fhir.get(query)).json()["entry"][1]
    assert entry["resource"] == inner("a", "Trần Văn An", gender="male")
    assert entry["search"] == {"mode": "match"}


async def test_both_are_searched(fhir):
    assert await found(fhir, "Patient?name=van an&_contained=both") == [
        "Observation/o1",
        "Patient/p1",
    ]
    query = "Patient?name=van an&_contained=both&_containedType=contained"
    assert await found(fhir, query) == ["Observation/o1#a", "Patient/p1", "Patient/p1#c"]
    query = "Patient?name=nguyen&_contained=both&_containedType=contained"
    assert await found(fhir, query) == ["Patient/p1"]


async def test_pages_and_totals_are_those_of_what_contains(fhir):
    query = "Patient?_contained=true&_count=2&_total=accurate&_sort=-_lastUpdated"
    page = (await fhir.get(query)).json()
    assert page["total"] == 3
    assert [one["resource"]["id"] for one in page["entry"]] == ["c1", "o1"]
    links = {link["relation"]: link["url"].removeprefix(BASE_URL) for link in page["link"]}
    assert "_contained=true" in links["self"]
    assert await found(fhir, links["next"].removeprefix("/")) == ["Patient/p1"]


async def test_what_the_caller_may_not_see_contains_nothing(fhir, monkeypatch):
    def allow(_context, interaction, type_):
        if type_ == "Observation":
            raise Forbidden(f"{interaction} on {type_} is not allowed to you.")
        return Everything()

    monkeypatch.setattr(Context, "allow", allow)
    assert await found(fhir, "Patient?name=an,binh&_contained=true") == [
        "Condition/c1",
        "Patient/p1",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "Patient?_contained=perhaps",
        "Patient?_contained=true&_containedType=x",
        "Patient?_contained=true&_contained=false",
        "Patient?_contained=true&_sort=name",
        "Patient?_contained=true&organization.name=x",
        "Patient?_contained=true&_has:Observation:subject:status=final",
        "Patient?_contained=true&_include=Patient:organization",
        "?_contained=true",
        "?_type=Patient&_contained=true",
        "Patient/p1/Observation?_contained=true",
        "Patient/p1/*?_contained=both",
    ],
)
async def test_what_is_not_asked_of_the_contained_is_refused(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 400
    assert issues(answer)


async def test_a_condition_of_a_write_does_not_look_inside(fhir):
    answer = await fhir.delete("Patient?name=an&_contained=true")
    assert answer.status_code == 400
