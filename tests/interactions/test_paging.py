"""Pages there and back, asked of the database: every row once, in order, whatever is missing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from fhir_server.interactions import paging, respond
from fhir_server.search.condition import AnyOf, Everything
from fhir_server.search.match import values_at
from fhir_server.search.query import BY_ID, SearchQuery, SortKey
from tests.client import BASE_URL

ALL = Everything()
NUMBERS = st.integers(0, 3)
WORDS = st.sampled_from(["", "a", "ab", "b", "é", "\U0010ffff"])
TOKENS = st.sampled_from(["*|a", "*|b", "s|a", "!|b", "%2A|a", "|a", "ế|z"])
RANGES = st.fixed_dictionaries({"lo": NUMBERS})
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "date": RANGES,
            "dates": st.lists(RANGES, min_size=1, max_size=2),
            "name": st.lists(WORDS, min_size=1, max_size=2),
            "code": st.lists(TOKENS, min_size=1, max_size=3),
            "ref": WORDS | st.lists(WORDS, min_size=2, max_size=3),
        },
    ),
    max_size=9,
)
KEYS = [
    SortKey("ts", nullable=False),
    SortKey("x.date.lo"),
    SortKey("x.dates.lo", single=False),
    SortKey("x.name", single=False),
    SortKey("x.code", single=False, prefix="*|"),
    SortKey("x.ref", single=False),
]
A_KEY = st.builds(
    lambda key, descending: structs.replace(key, descending=descending),
    st.sampled_from(KEYS),
    st.booleans(),
)
ORDERS = st.builds(
    lambda keys, descending: (*keys, structs.replace(BY_ID, descending=descending)),
    st.lists(A_KEY, max_size=3, unique_by=lambda key: key.field),
    st.booleans(),
)


def by(key):
    """Give a sort value as text and numbers that compare: missing last, in both directions."""

    def value(row):
        found = [one for one in values_at(row, key.field) if not key.prefix or one[:2] == "*|"]
        return (max if key.descending else min)(found) if found else None

    return value


def in_order(rows, sort):
    for key in reversed(sort):
        value = by(key)
        there = [row for row in rows if value(row) is not None]
        there.sort(key=value, reverse=key.descending)
        rows = there + [row for row in rows if value(row) is None]
    return [row["_id"] for row in rows]


async def fill(store, fields):
    rows = [
        {"_id": f"{number}", "v": 1, "ts": number // 2, "body": b"{}", "x": each}
        for number, each in enumerate(fields)
    ]
    await store.database.Basic.delete_many({})
    if rows:
        await store.database.Basic.insert_many(rows)
    return rows


async def walk(context, query, way):
    """Follow the links of one relation; give the pages met, each with its query."""
    pages = []
    while True:
        found = await paging.page(context, query, ALL)
        pages.append(([one.id for one in found.rows], found))
        text = getattr(found, way)
        if text is None:
            return pages
        query = structs.replace(query, after=text)


async def there_and_back(fhir, fields, sort, size):
    rows = await fill(fhir.context.store, fields)
    query = SearchQuery("Basic", ALL, sort, count=size)
    there = await walk(fhir.context, query, "next")
    assert [one for ids, _ in there for one in ids] == in_order(rows, sort)
    assert all(ids for ids, _ in there[1:])
    assert there[0][1].previous is None
    if len(there) > 1:
        last = structs.replace(query, after=there[-1][1].previous)
        back = await walk(fhir.context, last, "previous")
        assert [ids for ids, _ in back] == [ids for ids, _ in there[-2::-1]]
        again = structs.replace(query, after=back[0][1].next)
        assert [ids for ids, _ in await walk(fhir.context, again, "next")] == [there[-1][0]]


@pytest.fixture
def ask(fhir, loop):
    return lambda *given: loop.run_until_complete(there_and_back(fhir, *given))


def test_the_way_back_has_the_pages_of_the_way_there(ask):
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(DOCUMENTS, ORDERS, st.integers(1, 4))
    def agree(fields, sort, size):
        ask(fields, sort, size)

    agree()


async def test_a_page_that_was_emptied_meanwhile_leads_back(fhir):
    await fill(fhir.context.store, [{}] * 4)
    query = SearchQuery("Basic", ALL, (BY_ID,), count=2)
    first = await paging.page(fhir.context, query, ALL)
    await fhir.context.store.database.Basic.delete_many({"_id": {"$in": ["2", "3"]}})
    second = await paging.page(fhir.context, structs.replace(query, after=first.next), ALL)
    assert (second.rows, second.next) == ((), None)
    back = await paging.page(fhir.context, structs.replace(query, after=second.previous), ALL)
    assert [one.id for one in back.rows] == ["0", "1"]
    assert back.previous is None


async def test_rows_written_meanwhile_move_no_other(fhir):
    database = fhir.context.store.database
    await fill(fhir.context.store, [{"date": {"lo": n}} for n in range(6)])
    sort = (SortKey("x.date.lo", descending=True), structs.replace(BY_ID, descending=True))
    query = SearchQuery("Basic", ALL, sort, count=2)
    first = await paging.page(fhir.context, query, ALL)
    second = await paging.page(fhir.context, structs.replace(query, after=first.next), ALL)
    row = {"_id": "9", "v": 1, "ts": 1, "body": b"{}", "x": {"date": {"lo": 9}}}
    await database.Basic.insert_one(row)
    await database.Basic.delete_one({"_id": "5"})
    back = await paging.page(fhir.context, structs.replace(query, after=second.previous), ALL)
    assert [one.id for one in back.rows] == ["9", "4"]
    assert [one.id for one in second.rows] == ["3", "2"]


async def test_a_page_cut_by_its_bytes_leads_on_and_back(fhir, monkeypatch):
    await fill(fhir.context.store, [{"name": [f"{n}"]} for n in range(4)])
    monkeypatch.setattr(respond, "PAGE", 1)
    query = SearchQuery("Basic", ALL, (SortKey("x.name", single=False), BY_ID))
    there = await walk(fhir.context, query, "next")
    assert [ids for ids, _ in there] == [["0"], ["1"], ["2"], ["3"]]
    back = await walk(fhir.context, structs.replace(query, after=there[-1][1].previous), "previous")
    assert [ids for ids, _ in back] == [["2"], ["1"], ["0"]]


async def test_only_what_the_caller_may_see_is_paged(fhir):
    await fill(fhir.context.store, [{"name": ["a"]}, {"name": ["b"]}, {}])
    for sort in ((BY_ID,), (SortKey("x.name", single=False), BY_ID)):
        query = SearchQuery("Basic", ALL, sort)
        found = await paging.page(fhir.context, query, AnyOf("_id", ("1", "2")))
        assert [one.id for one in found.rows] == ["1", "2"]


async def test_links_name_the_pages_around(fhir, patient):
    for number in range(3):
        await fhir.put(f"Patient/p{number}", {**patient, "id": f"p{number}"})
    page = (await fhir.get("Patient?_count=1&_sort=-gender")).json()
    assert [link["relation"] for link in page["link"]] == ["self", "next"]
    url = page["link"][1]["url"].removeprefix(f"{BASE_URL}/")
    page = (await fhir.get(url)).json()
    relations = {link["relation"]: link["url"] for link in page["link"]}
    assert list(relations) == ["self", "next", "previous", "first"]
    assert relations["first"] == f"{BASE_URL}/Patient?_count=1&_sort=-gender"
    assert page["entry"][0]["resource"]["id"] == "p1"
    before = (await fhir.get(relations["previous"].removeprefix(f"{BASE_URL}/"))).json()
    assert before["entry"][0]["resource"]["id"] == "p2"
    assert [link["relation"] for link in before["link"]] == ["self", "next"]
