"""Searches of the whole base: which types, which parameters, which order."""

from dataclasses import replace

import pytest

from fhir_server.fhir.errors import Forbidden
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import respond, table
from fhir_server.interactions.context import Context
from fhir_server.interactions.dispatch import dispatch
from fhir_server.search.condition import Everything
from tests.client import BASE_URL, health, issues
from tests.interactions.bundles import bundle, entry

TAG = {"tag": [{"system": "http://example.org/tags", "code": "blue"}]}


@pytest.fixture
async def fhir(store, spec):
    """Give a base with three types, written one after the other in the order of their numbers."""
    async with health(store, spec, referential_integrity=False) as client:
        for number, (type_, more) in enumerate(
            [
                ("Patient", {"gender": "female"}),
                ("Basic", {"code": {"text": "x"}, "meta": TAG}),
                ("Patient", {"gender": "male", "meta": TAG}),
                ("Task", {"status": "ready", "intent": "order"}),
                ("Basic", {"code": {"text": "y"}}),
            ],
            start=1,
        ):
            path = f"{type_}/n{number}"
            resource = {"resourceType": type_, "id": f"n{number}", **more}
            assert (await client.put(path, resource)).status_code == 201
        yield client


async def ids(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 200, answer.text
    return named(answer.json())


def named(page):
    told = (one["fullUrl"] for one in page.get("entry", ()) if one["search"]["mode"] == "match")
    return [url.removeprefix(f"{BASE_URL}/") for url in told]


async def walk(fhir, url):
    """Give every page's rows, following the links."""
    pages = []
    while url:
        page = (await fhir.get(url)).json()
        pages.append(named(page))
        links = {link["relation"]: link["url"] for link in page["link"]}
        url = links.get("next", "").removeprefix(BASE_URL)
    return pages


async def test_the_whole_base_is_searched_type_by_type(fhir):
    everything = ["Basic/n2", "Basic/n5", "Patient/n1", "Patient/n3", "Task/n4"]
    assert await ids(fhir, "") == everything
    assert await walk(fhir, "?_count=2") == [everything[:2], everything[2:4], everything[4:]]


async def test_type_names_the_types(fhir):
    assert await ids(fhir, "?_type=Task,Patient") == ["Patient/n1", "Patient/n3", "Task/n4"]
    assert await ids(fhir, "?_type=Device,Task") == ["Task/n4"]
    assert await ids(fhir, "?_type=Device,Account") == []


async def test_one_named_type_is_searched_by_all_it_has(fhir):
    assert await ids(fhir, "?_type=Patient&gender=male") == ["Patient/n3"]
    assert await ids(fhir, "?_type=Patient&_sort=-gender") == ["Patient/n3", "Patient/n1"]


async def test_several_types_are_searched_by_what_each_of_them_has(fhir):
    assert await ids(fhir, "?_tag=blue") == ["Basic/n2", "Patient/n3"]
    assert await ids(fhir, "?_id=n1,n4") == ["Patient/n1", "Task/n4"]
    assert await ids(fhir, "?_type=Patient,Person&gender=male") == ["Patient/n3"]
    answer = await fhir.get("?_type=Patient,Task&gender=male")
    assert answer.status_code == 400
    assert "'gender' is no parameter of Task." in issues(answer)[0]["diagnostics"]


async def test_without_type_a_parameter_of_one_type_says_to_name_types(fhir):
    told = issues(await fhir.get("?gender=male"))
    assert "no parameter of Account" in told[0]["diagnostics"]
    assert "_type=Patient,Observation" in told[-1]["diagnostics"]


async def test_a_lenient_search_asks_no_type_what_one_does_not_know(fhir):
    answer = await fhir.get("?_type=Patient,Task&gender=male", Prefer="handling=lenient")
    assert named(answer.json()) == ["Patient/n1", "Patient/n3", "Task/n4"]
    assert answer.json()["link"][0]["url"] == f"{BASE_URL}?_type=Patient%2CTask"
    assert "gender" in str(answer.json()["entry"][-1]["resource"])


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("_lastUpdated", ["Patient/n1", "Basic/n2", "Patient/n3", "Task/n4", "Basic/n5"]),
        ("-_lastUpdated", ["Basic/n5", "Task/n4", "Patient/n3", "Basic/n2", "Patient/n1"]),
        ("_id", ["Patient/n1", "Basic/n2", "Patient/n3", "Task/n4", "Basic/n5"]),
        ("-_id", ["Basic/n5", "Task/n4", "Patient/n3", "Basic/n2", "Patient/n1"]),
    ],
)
async def test_types_are_merged_into_one_order(fhir, sort, order):
    assert await ids(fhir, f"?_sort={sort}") == order
    pages = await walk(fhir, f"?_sort={sort}&_count=2")
    assert pages == [order[:2], order[2:4], order[4:]]


@pytest.mark.parametrize("query", ["?_count=2", "?_sort=-_lastUpdated&_count=2"])
async def test_the_way_back_shows_the_same_pages(fhir, query):
    pages, url, relation = [], query, "next"
    while url:
        page = (await fhir.get(url)).json()
        pages.append(named(page))
        links = {link["relation"]: link["url"].removeprefix(BASE_URL) for link in page["link"]}
        if relation == "next" and "next" not in links:
            relation = "previous"
        url = links.get(relation)
    first, second, third, *back = pages
    assert [len(page) for page in (first, second, third)] == [2, 2, 1]
    assert back == [second, first]


async def test_a_search_that_no_index_serves_is_warned_of_by_type(store, spec):
    async with health(store, spec, scan_warning=0) as client:
        await client.post("Basic", {"resourceType": "Basic", "code": {"text": "x"}})
        page = (await client.get("?_type=Basic,Task&_tag=blue")).json()
        assert "No index serves a search of Basic by _tag" in str(page["entry"][-1])


async def test_a_walk_by_time_ends_though_what_it_meets_is_written_again(fhir):
    seen, url = [], "?_sort=_lastUpdated&_count=1"
    while url:
        page = (await fhir.get(url)).json()
        seen += named(page)
        if page.get("entry"):
            met = page["entry"][0]["resource"]
            path = f"{met['resourceType']}/{met['id']}"
            await fhir.put(path, {**met, "language": "vi" if len(seen) % 2 else "en"})
        links = {link["relation"]: link["url"] for link in page["link"]}
        url = links.get("next", "").removeprefix(BASE_URL)
    assert len(seen) <= 5


async def test_other_orders_of_several_types_are_refused_with_the_reason(fhir):
    answer = await fhir.get("?_type=Patient,Person&_sort=gender")
    assert answer.status_code == 400
    assert "sorted by _lastUpdated or _id only" in issues(answer)[0]["diagnostics"]


async def test_a_page_ends_where_its_bodies_fill_it(fhir, monkeypatch):
    monkeypatch.setattr(respond, "PAGE", 2)
    pages = await walk(fhir, "?_sort=_lastUpdated")
    assert [row for page in pages for row in page] == [
        "Patient/n1",
        "Basic/n2",
        "Patient/n3",
        "Task/n4",
        "Basic/n5",
    ]
    assert len(pages) > 1


async def test_totals_count_every_type(fhir):
    assert (await fhir.get("?_total=accurate&_count=1")).json()["total"] == 5
    counted = (await fhir.get("?_type=Patient,Task&_summary=count")).json()
    assert (counted["total"], "entry" in counted) == (3, False)
    assert "total" not in (await fhir.get("")).json()


async def test_a_posted_search_is_the_same_search(fhir):
    answer = await fhir.http.post("/fhir/_search", data={"_type": "Task,Basic", "_tag": "blue"})
    assert named(answer.json()) == ["Basic/n2"]
    told = answer.json()["link"][0]["url"]
    assert told == f"{BASE_URL}?_type=Basic%2CTask&_tag=blue"


async def test_a_batch_searches_the_base(fhir):
    answer = await fhir.post("", bundle("batch", entry("GET", "?_type=Task,Device")))
    (one,) = answer.json()["entry"]
    assert named(one["resource"]) == ["Task/n4"]


async def test_a_link_is_only_good_for_its_own_search(fhir):
    page = (await fhir.get("?_count=1")).json()
    following = page["link"][1]["url"].removeprefix(BASE_URL)
    assert (await fhir.get(following)).status_code == 200
    assert (await fhir.get(f"{following}&_type=Patient,Task")).status_code == 400
    assert (await fhir.get(f"Patient{following}")).status_code == 400


@pytest.mark.parametrize("types", ["Nothing", "Patient,nothing", "", ",", "Patient_history", "*"])
async def test_a_type_that_is_none_is_named(fhir, types):
    answer = await fhir.get(f"?_type={types}")
    assert answer.status_code == 400
    assert "no type" in issues(answer)[0]["diagnostics"]


async def test_type_stands_once(fhir):
    assert (await fhir.get("?_type=Patient&_type=Task")).status_code == 400
    assert (await fhir.get("Patient?_type=Patient")).status_code == 400


@pytest.mark.parametrize("pairs", [[("_tag", "x" * 4000)], [("_tag", "x")] * 100])
async def test_too_much_to_ask_of_all_types_says_to_name_fewer(fhir, pairs):
    body = "&".join(f"{name}={value}" for name, value in pairs)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await fhir.http.post("/fhir/_search", content=body, headers=headers)
    assert answer.status_code == 400
    assert "name fewer" in issues(answer)[0]["diagnostics"]
    few = await fhir.http.post("/fhir/_search", content=f"_type=Basic,Task&{body}", headers=headers)
    assert few.status_code == 200, few.text


async def test_a_type_the_caller_may_not_see_is_left_out_or_refused_by_name(fhir, monkeypatch):
    def allow(_context, interaction, type_):
        if type_ == "Patient":
            raise Forbidden(f"{interaction} on {type_} is not allowed to you.")
        return Everything()

    monkeypatch.setattr(Context, "allow", allow)
    assert await ids(fhir, "") == ["Basic/n2", "Basic/n5", "Task/n4"]
    assert (await fhir.get("?_type=Patient,Task")).status_code == 403
    assert (await fhir.get("?_type=Patient")).status_code == 403


async def test_who_may_not_search_the_base_is_told_so(fhir):
    nobody = replace(fhir.context.caller, unrestricted=False)
    context = fhir.context.but(caller=nobody)
    with pytest.raises(Forbidden):
        await dispatch(table.build(()), context, FhirRequest("GET", ""))


async def test_a_type_in_an_older_index_format_is_warned_of(store, spec):
    async with health(store, spec, outdated=frozenset({"Task"})) as client:
        await client.post("Task", {"resourceType": "Task", "status": "ready", "intent": "order"})
        answer = (await client.get("?_type=Patient,Task")).json()
        assert answer["entry"][-1]["search"]["mode"] == "outcome"
        assert "entry" not in (await client.get("?_type=Patient,Person")).json()
