"""Joins: asked ahead or looked up, they find the same; what is too much is refused."""

from dataclasses import replace

import pytest

from fhir_server.fhir.errors import Unavailable, Unprocessable
from fhir_server.search.condition import (
    AnyOf,
    Between,
    Chained,
    Element,
    Everything,
    Not,
    Nothing,
    Or,
    Referring,
    Subtree,
    both,
    is_open,
)
from fhir_server.search.query import BY_ID, SortKey
from fhir_server.store import client, joins, reads, totals
from fhir_server.store.documents import Change
from fhir_server.store.joins import Bounds, Joins
from fhir_server.store.store import Store

ALL = Everything()
PLAIN, LOOKED_UP = Bounds(), Bounds(join_limit=0)
WAYS = pytest.mark.parametrize("bounds", [PLAIN, LOOKED_UP], ids=["ahead", "looked up"])


def made(type_, id_, **fields):
    resource = {"resourceType": type_}
    return Change(type_, id_, "create", resource, fields, "1")


@pytest.fixture
async def database(store):
    """Give two organisations, three patients of theirs, and what was observed."""
    await store.commit(
        ALL,
        [
            made("Organization", "north", name=["north"]),
            made("Organization", "south", name=["south"], partof="Organization/north"),
            made("Organization", "deep", partof="Organization/south"),
            made("Patient", "a", name=["an"], organization="Organization/north"),
            made("Patient", "b", name=["binh"], organization="Organization/south"),
            made("Patient", "c", name=["chi"]),
            made("Observation", "1", patient="Patient/a", code=["*|hb"], rank=1),
            made("Observation", "2", patient="Patient/b", code=["*|hb"], rank=2),
            made("Observation", "3", patient="Patient/b", code=["*|na"], rank=3),
            made("Observation", "4", patient="urn:é-no-id", code=["*|hb"], rank=4),
            made("Observation", "5", code=["*|na"], rank=5),
            made("List", "l", item=["Patient/a", "Patient/c", "Observation/1"]),
            made("PlanDefinition", "p", url="http://example.org/p", name=["plan"]),
            made("CarePlan", "byurl", **{"instantiates-canonical": ["http://example.org/p"]}),
            made("CarePlan", "byid", **{"instantiates-canonical": ["PlanDefinition/p"]}),
            made("CarePlan", "other", **{"instantiates-canonical": ["http://example.org/q"]}),
        ],
    )
    return store.database


async def found(database, bounds, type_, condition, *, sort=(BY_ID,), limit=100):
    asked = Joins(database, bounds)
    condition = await joins.settled(asked, type_, condition)
    assert bounds is PLAIN or is_open(condition) or isinstance(condition, Nothing)
    page = await reads.search(asked, ALL, type_, condition, sort=sort, limit=limit)
    total = await totals.count(database, ALL, type_, condition, 5_000)
    assert total == len(page.found) or page.more
    return [one.id for one in page.found]


def name(text):
    return AnyOf("x.name", (text,))


OF_AN = Chained("x.patient", "Patient", name("an"))
OF_NORTH = Chained("x.patient", "Patient", Chained("x.organization", "Organization", name("north")))
HAS_HB = Referring("Observation", "x.patient", AnyOf("x.code", ("*|hb",)))
PLAN = "x.instantiates-canonical"


@WAYS
@pytest.mark.parametrize(
    ("type_", "condition", "expected"),
    [
        ("Observation", OF_AN, ["1"]),
        ("Observation", OF_NORTH, ["1"]),
        ("Observation", Chained("x.patient", "Patient", ALL), ["1", "2", "3"]),
        ("Observation", Not(OF_AN), ["2", "3", "4", "5"]),
        ("Observation", Or((OF_AN, AnyOf("x.code", ("*|na",)))), ["1", "3", "5"]),
        ("Observation", both(AnyOf("x.code", ("*|hb",)), Not(OF_AN)), ["2", "4"]),
        ("Observation", Chained("x.patient", "Patient", HAS_HB), ["1", "2", "3"]),
        ("Observation", Chained("x.patient", "Patient", name("nobody")), []),
        ("Observation", Chained("x.patient", "Group", ALL), []),
        ("Patient", HAS_HB, ["a", "b"]),
        ("Patient", Not(HAS_HB), ["c"]),
        ("Patient", Referring("Observation", "x.patient", OF_NORTH), ["a"]),
        ("Patient", both(HAS_HB, Referring("List", "x.item", AnyOf("_id", ("l",)))), ["a"]),
        ("Patient", Referring("List", "x.item", ALL), ["a", "c"]),
        ("Observation", Referring("List", "x.item", ALL), ["1"]),
        ("CarePlan", Chained(PLAN, "PlanDefinition", name("plan"), by_url=True), ["byid", "byurl"]),
        ("PlanDefinition", Referring("CarePlan", PLAN, ALL, by_url=True), ["p"]),
        ("PlanDefinition", Referring("CarePlan", PLAN, AnyOf("_id", ("other",)), by_url=True), []),
    ],
    ids=str,
)
async def test_both_ways_find_the_same(database, bounds, type_, condition, expected):
    assert await found(database, bounds, type_, condition) == expected


@WAYS
async def test_a_page_of_a_join_has_its_order_and_its_end(database, bounds):
    newest = (SortKey("x.rank", descending=True), BY_ID)
    condition = Or((Chained("x.patient", "Patient", ALL), AnyOf("x.code", ("*|na",))))
    assert await found(database, bounds, "Observation", condition, sort=newest) == [
        "5",
        "3",
        "2",
        "1",
    ]
    first = await found(database, bounds, "Observation", condition, sort=newest, limit=2)
    assert first == ["5", "3"]


async def test_as_many_keys_as_are_allowed_are_asked_by_value(database):
    wanted = Chained("x.patient", "Patient", ALL)
    three = await joins.settled(Joins(database, Bounds(join_limit=3)), "Observation", wanted)
    assert three == AnyOf("x.patient", ("Patient/a", "Patient/b", "Patient/c"))
    two = await joins.settled(Joins(database, Bounds(join_limit=2)), "Observation", wanted)
    assert two == wanted


async def test_one_that_refers_to_many_counts_as_many(database):
    wanted = Referring("List", "x.item", ALL)
    few = await joins.settled(Joins(database, Bounds(join_limit=3)), "Patient", wanted)
    assert few == AnyOf("_id", ("a", "c"))
    assert await joins.settled(Joins(database, Bounds(join_limit=2)), "Patient", wanted) == wanted


async def test_what_is_narrowed_to_nothing_asks_nothing(database):
    hidden = Chained("x.patient", "Patient", Nothing())
    assert await joins.settled(Joins(database), "Observation", hidden) == Nothing()
    assert await joins.settled(Joins(database), "Observation", both(hidden, OF_AN)) == Nothing()


async def test_a_plain_condition_is_given_back_as_it_is(database):
    asked = AnyOf("x.code", ("1",))
    assert await joins.settled(Joins(database), "Observation", asked) is asked


@pytest.mark.parametrize("way", ["below", "above"])
async def test_a_hierarchy_is_walked_to_its_end(database, way):
    tree = Subtree("x.organization", "Organization", ("south",), "x.partof", way, ALL)
    [other] = {"below": ["deep"], "above": ["north"]}[way]
    asked = await joins.settled(Joins(database), "Patient", tree)
    assert asked == AnyOf("x.organization", ("Organization/south", f"Organization/{other}"))


async def test_a_hierarchy_in_a_circle_ends(store):
    await store.commit(
        ALL,
        [
            made("Location", "1", partof="Location/2"),
            made("Location", "2", partof="Location/1"),
        ],
    )
    tree = Subtree("x.location", "Location", ("1",), "x.partof", "below", ALL)
    asked = await joins.settled(Joins(store.database), "Encounter", tree)
    assert asked == AnyOf("x.location", ("Location/1", "Location/2"))


async def test_a_hierarchy_passes_only_what_its_condition_allows(database):
    hidden = Not(AnyOf("_id", ("south",)))
    tree = Subtree("x.organization", "Organization", ("north",), "x.partof", "below", hidden)
    asked = await joins.settled(Joins(database), "Patient", tree)
    assert asked == AnyOf("x.organization", ("Organization/north",))


async def test_a_hierarchy_that_is_too_wide_is_too_costly(database):
    tree = Subtree("x.organization", "Organization", ("north",), "x.partof", "below", ALL)
    with pytest.raises(Unprocessable) as caught:
        await joins.settled(Joins(database, Bounds(join_limit=2)), "Patient", tree)
    assert caught.value.issues[0].code == "too-costly"


async def test_where_a_plain_answer_is_needed_too_many_is_too_costly(database):
    assert await joins.plain(Joins(database), "Observation", OF_AN) == AnyOf(
        "x.patient", ("Patient/a",)
    )
    with pytest.raises(Unprocessable) as caught:
        await joins.plain(Joins(database, LOOKED_UP), "Observation", OF_AN)
    assert caught.value.issues[0].code == "too-costly"


async def test_a_join_inside_an_element_is_asked_ahead(database):
    contained = Element("x.contained", (Chained("patient", "Patient", name("an")),))
    asked = await joins.settled(Joins(database), "Observation", contained)
    assert asked == Element("x.contained", (AnyOf("patient", ("Patient/a",)),))
    with pytest.raises(Unprocessable):
        await joins.settled(Joins(database, LOOKED_UP), "Observation", contained)


async def test_what_takes_too_long_is_too_costly_and_says_what_to_do(database):
    hurried = Joins(database, replace(LOOKED_UP, seconds=0.000_001))
    with pytest.raises(Unprocessable) as caught:
        await joins.rows(hurried, "Observation", OF_AN, {"_id": 1}, 10)
    [issue] = caught.value.issues
    assert issue.code == "too-costly"
    assert "Narrow it" in issue.diagnostics
    assert await joins.count(hurried, "Observation", OF_AN, max_ms=0.001) is None


async def test_index_fields_are_found_by_joins(database):
    asked = both(OF_NORTH, Between("x.rank", 1, 5, single=True))
    rows = await joins.rows(Joins(database), "Observation", asked, {"x.code": 1}, 10)
    assert rows == [{"_id": "1", "x": {"code": ["*|hb"]}}]


async def test_a_join_may_take_longer_than_another_operation(mongodb_uri, monkeypatch):
    monkeypatch.setitem(client.OPTIONS, "timeoutMS", 1)
    impatient = Store.open(mongodb_uri, "test_joins_impatient", bounds=Bounds(seconds=60))
    with pytest.raises(Unavailable):
        await impatient.fields(ALL, "Observation", ALL, (), 1)
    assert await impatient.settled("Observation", OF_AN) == Nothing()
    await impatient.close()


async def test_where_few_are_found_by_an_index_they_are_asked_one_by_one(database, monkeypatch):
    condition = both(AnyOf("x.code", ("*|hb",)), OF_AN)
    indexed = Joins(database, indexes=((("x.code", 1),),))
    few = await joins.settled(indexed, "Observation", condition)
    assert few == both(AnyOf("_id", ("1", "2", "4")), OF_AN)
    page = await reads.search(indexed, ALL, "Observation", few, sort=(BY_ID,), limit=10)
    assert [one.id for one in page.found] == ["1"]
    none = both(AnyOf("x.code", ("*|none",)), OF_AN)
    assert await joins.settled(indexed, "Observation", none) == Nothing()
    monkeypatch.setattr(joins, "FEW", 2)
    assert not is_open(await joins.settled(indexed, "Observation", condition))


async def test_a_hierarchy_is_walked_ahead_also_where_few_are_found(database):
    below = Subtree("x.organization", "Organization", ("north",), "x.partof", "below", ALL)
    indexed = Joins(database, indexes=((("x.name", 1),),))
    asked = both(AnyOf("x.name", ("an",)), below)
    assert not is_open(await joins.settled(indexed, "Patient", asked))
