"""Searches within a compartment: one type, all types, and what is not in it."""

import pytest

from tests.client import BASE_URL, health, issues
from tests.interactions.bundles import bundle, entry, observation


@pytest.fixture
async def fhir(store, spec):
    """Give a base with an encounter of p1, three observations of p1 and one of p2."""
    async with health(store, spec, referential_integrity=False) as client:
        encounter = {
            "resourceType": "Encounter",
            "id": "e1",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/p1"},
        }
        await client.put("Encounter/e1", encounter)
        for number, (patient, more) in enumerate(
            [
                ("p1", {"encounter": {"reference": "Encounter/e1"}}),
                ("p1", {"performer": [{"reference": "Practitioner/d1"}], "status": "amended"}),
                ("p1", {"device": {"reference": "Device/v1"}}),
                ("p2", {}),
            ],
            start=1,
        ):
            resource = {**observation(f"Patient/{patient}"), "id": f"o{number}", **more}
            assert (await client.put(f"Observation/o{number}", resource)).status_code == 201
        await client.put("Patient/p1", {"resourceType": "Patient", "id": "p1"})
        yield client


async def found(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 200, answer.text
    return [one["fullUrl"].removeprefix(f"{BASE_URL}/") for one in answer.json().get("entry", ())]


async def test_a_type_is_searched_within_a_patient(fhir):
    observations = ["Observation/o1", "Observation/o2", "Observation/o3"]
    assert await found(fhir, "Patient/p1/Observation") == observations
    assert await found(fhir, "Patient/p1/Observation?status=amended") == ["Observation/o2"]
    assert await found(fhir, "Patient/p2/Observation?status=amended") == []


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("Encounter/e1", "Observation/o1"),
        ("Practitioner/d1", "Observation/o2"),
        ("Device/v1", "Observation/o3"),
    ],
)
async def test_each_compartment_has_its_own(fhir, root, expected):
    assert await found(fhir, f"{root}/Observation") == [expected]


async def test_all_types_are_searched_with_an_asterisk(fhir):
    everything = ["Encounter/e1", "Observation/o1", "Observation/o2", "Observation/o3"]
    assert await found(fhir, "Patient/p1/*") == [*everything, "Patient/p1"]
    assert await found(fhir, "Patient/p1/*?_type=Encounter,Observation") == everything
    assert await found(fhir, "Patient/p1/*?_type=Observation&status=amended") == ["Observation/o2"]
    assert await found(fhir, "Encounter/e1/*") == ["Encounter/e1", "Observation/o1"]
    assert await found(fhir, "Patient/p1/*?_sort=-_lastUpdated&_count=1") == ["Patient/p1"]


async def test_links_lead_on_within_the_compartment(fhir):
    for path, last in (("Patient/p1/Observation", 3), ("Patient/p1/*", 5)):
        pages, url = 0, f"{path}?_count=1"
        while url:
            page = (await fhir.get(url)).json()
            links = {link["relation"]: link["url"] for link in page["link"]}
            assert links["self"].startswith(f"{BASE_URL}/{path}?_count=1")
            url = links.get("next", "").removeprefix(f"{BASE_URL}/")
            pages += 1
        assert pages == last


async def test_a_link_is_only_good_for_its_own_compartment(fhir):
    page = (await fhir.get("Patient/p1/Observation?_count=1")).json()
    query = page["link"][1]["url"].partition("?")[2]
    assert (await fhir.get(f"Patient/p1/Observation?{query}")).status_code == 200
    assert (await fhir.get(f"Patient/p2/Observation?{query}")).status_code == 400
    assert (await fhir.get(f"Observation?{query}")).status_code == 400


async def test_a_search_by_post_is_the_same_search(fhir):
    answer = await fhir.http.post(
        "/fhir/Patient/p1/Observation/_search", data={"status": "amended"}
    )
    assert [one["resource"]["id"] for one in answer.json()["entry"]] == ["o2"]
    assert answer.json()["link"][0]["url"] == f"{BASE_URL}/Patient/p1/Observation?status=amended"
    answer = await fhir.http.post("/fhir/Patient/p1/*/_search", data={"_type": "Encounter"})
    assert [one["resource"]["id"] for one in answer.json()["entry"]] == ["e1"]


async def test_a_batch_searches_a_compartment(fhir):
    answer = await fhir.post("", bundle("batch", entry("GET", "Patient/p2/Observation")))
    (one,) = answer.json()["entry"]
    assert [row["resource"]["id"] for row in one["resource"]["entry"]] == ["o4"]


async def test_a_compartment_whose_resource_is_not_there_is_searched_alike(fhir):
    assert await found(fhir, "Patient/p2/Observation") == ["Observation/o4"]
    assert await found(fhir, "Patient/nobody/Observation") == []
    assert await found(fhir, "Patient/nobody/*") == []


async def test_a_type_that_is_never_in_it_is_a_404_with_those_that_are(fhir):
    answer = await fhir.get("Encounter/e1/Patient")
    assert answer.status_code == 404
    told = " ".join(issue["diagnostics"] for issue in issues(answer))
    assert "Patient is never in the compartment of a Encounter" in told
    assert "Procedure" in told
    answer = await fhir.get("Encounter/e1/*?_type=Patient")
    assert (answer.status_code, issues(answer)[0]["code"]) == (400, "value")


async def test_a_long_list_of_types_is_told_whole(fhir, spec):
    answer = await fhir.get("Patient/p1/Medication")
    told = " ".join(issue["diagnostics"] for issue in issues(answer))
    for type_ in spec.compartment("Patient"):
        assert type_ in told


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Observation/o1/Patient", 404),
        ("Nothing/1/Patient", 404),
        ("Patient/p1/Nothing", 404),
        ("Patient/a..b/Observation", 400),
        ("Patient/a%20b/Observation", 400),
        ("Patient/p1/Observation?nonsense=1", 400),
        ("Patient/p1/*?gender=male", 400),
    ],
)
async def test_what_is_no_compartment_is_refused(fhir, path, status):
    url = f"http://test.invalid/fhir/{path}"
    answer = await fhir.http.get(url)
    assert answer.status_code == status, answer.text
    assert issues(answer)


async def test_a_compartment_is_read_only(fhir):
    answer = await fhir.post("Patient/p1/Observation", observation("Patient/p1"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_a_page_brings_along_what_it_refers_to(fhir):
    path = "Patient/p1/*?_type=Encounter,Observation&_include=Observation:encounter"
    assert await found(fhir, f"{path}&_count=1") == ["Encounter/e1"]
    path = "Patient/p1/Observation?_include=Observation:subject&_count=1"
    assert await found(fhir, path) == ["Observation/o1", "Patient/p1"]
    path = "Patient/p1/*?_sort=-_lastUpdated&_count=1&_revinclude=Encounter:subject"
    assert await found(fhir, path) == ["Patient/p1", "Encounter/e1"]
    answer = await fhir.get("Patient/p1/*?_type=Encounter,Observation&_include=Device:patient")
    assert answer.status_code == 400


async def test_elements_are_those_of_the_type_that_is_searched(fhir):
    answer = await fhir.get("Patient/p1/Observation?_elements=device&_count=1")
    assert answer.status_code == 200, answer.text
    assert (await fhir.get("Patient/p1/Observation?_elements=birthDate")).status_code == 400
