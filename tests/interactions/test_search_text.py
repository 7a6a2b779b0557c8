"""`_filter`, `_text` and `_content`, asked of a server."""

import pytest

from tests.client import ZONE, health, issues
from tests.interactions.bundles import observation

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


@pytest.fixture
async def fhir(store, spec):
    """Give a base that indexes words, with three patients and an observation of each."""
    async with health(store, spec, text_search=True) as client:
        for number, name in enumerate(("Nguyễn Thị Bưởi", "Trần Văn An", "Lê Thị Cam"), start=1):
            patient = {
                "resourceType": "Patient",
                "id": f"p{number}",
                "name": [{"text": name}],
                "text": {"status": "generated", "div": DIV.format(f"<b>{name}</b>")},
                "birthDate": f"19{number}0-02-28",
            }
            assert (await client.put(f"Patient/p{number}", patient)).status_code == 201
            result = {**observation(f"Patient/p{number}"), "id": f"o{number}"}
            assert (await client.put(f"Observation/o{number}", result)).status_code == 201
        yield client


async def ids(fhir, path, **parameters):
    answer = await fhir.http.get(f"/fhir/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return [one["resource"]["id"] for one in answer.json().get("entry", ())]


async def test_a_filter_is_answered_with_all_it_joins(fhir):
    text = 'birthdate gt 1915 and (name co "thi" or name eq "an")'
    assert await ids(fhir, "Patient", _filter=text) == ["p2", "p3"]
    text = 'not (name co "thi") or birthdate lt 1911'
    assert await ids(fhir, "Patient", _filter=text) == ["p1", "p2"]


async def test_a_filter_goes_through_references(fhir):
    asked = {
        'subject:Patient.name co "thi"': ["o1", "o3"],
        'subject.name co "thi" and subject:Patient.birthdate lt 1920': ["o1"],
        'subject:Patient[name co "thi"].birthdate gt 1920': ["o3"],
        'not (subject:Patient.name co "thi")': ["o2"],
    }
    for text, found in asked.items():
        assert await ids(fhir, "Observation", _filter=text) == found, text


async def test_a_filter_pages_and_is_repeated_by_the_links(fhir):
    parameters = {"_filter": 'name co "thi"', "_count": "1"}
    page = (await fhir.http.get("/fhir/Patient", params=parameters)).json()
    assert "_filter=name+co" in page["link"][0]["url"]
    following = (await fhir.http.get(page["link"][1]["url"])).json()
    assert [one["resource"]["id"] for one in following["entry"]] == ["p3"]


async def test_the_whole_base_and_a_compartment_are_filtered(fhir):
    assert await ids(fhir, "", _filter="_id eq p1 or _id eq o2") == ["o2", "p1"]
    assert await ids(fhir, "Patient/p1/Observation", _filter="status eq final") == ["o1"]


async def test_what_is_no_filter_says_where(fhir):
    answer = await fhir.http.get("/fhir/Patient", params={"_filter": "name co"})
    assert answer.status_code == 400
    assert "letter 6" in issues(answer)[0]["diagnostics"]


async def test_words_are_found_without_their_marks(fhir):
    assert await ids(fhir, "Patient", _text="thi") == ["p1", "p3"]
    assert await ids(fhir, "Patient", _text="Thị Bưởi") == ["p1"]
    assert await ids(fhir, "Patient", _content="buoi,cam") == ["p1", "p3"]
    assert await ids(fhir, "", _content="glucose") == ["o1", "o2", "o3"]


async def test_without_the_setting_the_answer_names_it(store, spec):
    async with health(store, spec) as client:
        answer = await client.get("Patient?_text=thi")
        assert answer.status_code == 400
        assert "FHIR_TEXT_SEARCH" in issues(answer)[0]["diagnostics"]
        told = (await client.get("metadata")).json()["rest"][0]
        assert "_text" not in str(told["resource"][0])


async def test_the_setting_is_part_of_the_index_format(fhir, store, spec):
    async with health(store, spec) as client:
        without = client.context.index_format("Patient")
        assert fhir.context.index_format("Patient") == without.replace(str(ZONE), f"{ZONE}+text")


async def test_the_base_says_that_it_can_be_asked(fhir):
    (rest,) = (await fhir.get("metadata")).json()["rest"]
    whole = {one["name"] for one in rest["searchParam"]}
    assert {"_content", "_filter", "_id", "_lastUpdated"} <= whole
    assert "_text" not in whole
    assert {"code": "search-system"} in rest["interaction"]
