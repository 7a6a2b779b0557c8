"""Code systems that are loaded: asked by their hierarchy, their properties, their words."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Everything
from fhir_server.terminology.large import LargeSystem
from fhir_server.terminology.loading import header, load
from fhir_server.terminology.sources import table
from fhir_server.terminology.value_set import Filter
from tests.terminology.systems import SET, SYSTEM, clause, value_set

ANIMALS = """code,display,display:vi,parent,inactive,legs
mammal,Mammal,Động vật có vú,,,
cat,Cat,Mèo nhà,mammal,,4
lynx,Lynx,Linh miêu,cat,true,4
bat,Bat,Dơi,mammal|flyer,,2
flyer,Flyer,,,,
hen,Hen,Gà mái,flyer,,2
"""

# Filters and the codes they let through.
CHOSEN = [
    ([], {"mammal", "cat", "lynx", "bat", "flyer", "hen"}),
    ([("concept", "is-a", "cat")], {"cat", "lynx"}),
    ([("code", "descendent-of", "mammal")], {"cat", "lynx", "bat"}),
    ([("concept", "is-not-a", "mammal")], {"flyer", "hen"}),
    ([("concept", "generalizes", "bat")], {"bat", "mammal", "flyer"}),
    ([("concept", "=", "cat")], {"cat"}),
    ([("code", "in", "cat, hen,none")], {"cat", "hen"}),
    ([("code", "regex", "[a-z]at")], {"cat", "bat"}),
    ([("legs", "=", "4")], {"cat", "lynx"}),
    ([("legs", "in", "2,3")], {"bat", "hen"}),
    ([("legs", "not-in", "2")], {"mammal", "cat", "lynx", "flyer"}),
    ([("legs", "exists", "true")], {"cat", "lynx", "bat", "hen"}),
    ([("legs", "exists", "false")], {"mammal", "flyer"}),
    ([("legs", "regex", "[4-9]")], {"cat", "lynx"}),
    ([("parent", "=", "flyer")], {"bat", "hen"}),
    ([("ancestor", "=", "mammal"), ("inactive", "=", "false")], {"mammal", "cat", "bat"}),
]

REFUSED = [
    (("concept", "is-a", "dog"), "'dog' is no code of"),
    (("wings", "=", "2"), "has no property 'wings'"),
    (("wings", "regex", "2"), "has no property 'wings'"),
    (("concept", "exists", "true"), "is not supported"),
    (("parent", "regex", "a"), "is not supported"),
    (("legs", "$where", "1"), "is not supported"),
    (("code", "regex", "(?=a)"), "regex"),
]


def allow(_type):
    return Everything()


def source(tmp_path, text=ANIMALS, version="1"):
    path = tmp_path / "animals.csv"
    path.write_text(text, encoding="utf-8")
    return table.source(path, SYSTEM, version)


async def loading(store, source, *, replaces=False):
    told = []
    return await load(store.concept_loads, source, replaces=replaces, told=told.append), told


@pytest.fixture
async def animals(store, tmp_path):
    loaded, _ = await loading(store, source(tmp_path))
    return LargeSystem(store.concepts, loaded)


async def test_filters_choose_what_they_choose_of_a_resource(animals):
    for filters, codes in CHOSEN:
        chosen = [Filter(*one) for one in filters]
        assert await animals.select(chosen, 10) == codes, filters


async def test_words_are_found_by_how_they_begin_in_any_language(animals):
    assert await animals.select([], 10, text="meo NHÀ") == {"cat"}
    assert await animals.select([], 10, text="l") == {"lynx"}
    assert await animals.select([], 10, text="nha cat x") == set()
    assert await animals.select([], 10, text=".*") == await animals.select([], 10)


async def test_codes_are_narrowed_to_those_named(animals):
    found = await animals.select([Filter("concept", "is-a", "cat")], 10, ["lynx", "hen", "none"])
    assert found == {"lynx"}


async def test_a_filter_that_cannot_be_asked_says_why(animals):
    for one, told in REFUSED:
        with pytest.raises(Invalid, match=told):
            await animals.select([Filter(*one)], 10)


async def test_more_codes_than_the_limit_are_refused(animals):
    with pytest.raises(Invalid, match="More than 5 codes"):
        await animals.select([], 5)
    with pytest.raises(Invalid, match="More than 1 codes"):
        await animals.select([Filter("code", "regex", ".*")], 1)
    assert len(await animals.below("cat", 2)) == 2
    with pytest.raises(Invalid, match="More than 1 codes"):
        await animals.below("cat", 1)


async def test_a_part_is_a_code_system_of_some_codes(animals):
    part = await animals.part(["bat", "none"], upwards=True)
    assert part.codes.keys() == {"bat", "mammal", "flyer"}
    assert part.parents["bat"] == ("mammal", "flyer")
    assert part.listed
    alone = await animals.part(["lynx"])
    assert alone.inactive == {"lynx"}
    assert await animals.children("mammal", 10) == ["bat", "cat"]


async def test_a_version_is_seen_when_it_is_complete(store, tmp_path):
    loaded, told = await loading(store, source(tmp_path))
    assert (loaded.count, sum(told)) == (6, 6)
    assert await store.concepts.find(SYSTEM, "1") == loaded
    begun = await store.concept_loads.begin(SYSTEM, "2", {})
    assert await store.concepts.find(SYSTEM, "2") is None
    assert [one.complete for one in await store.concepts.loaded()] == [True, False]
    await store.concept_loads.drop(begun)


async def test_what_is_asked_for_has_its_indexes(store, tmp_path):
    loaded, _ = await loading(store, source(tmp_path))
    found = await (await store.database[loaded.collection].list_indexes()).to_list()
    assert {next(iter(one["key"])) for one in found} == {"_id", "ancestors", "properties", "words"}


async def test_versions_stand_side_by_side_and_one_replaces_its_own(store, tmp_path):
    one, _ = await loading(store, source(tmp_path))
    two, _ = await loading(store, source(tmp_path, version="2"))
    with pytest.raises(Invalid, match="--replace"):
        await loading(store, source(tmp_path))
    again, _ = await loading(store, source(tmp_path, "code,display\ndog,Dog\n"), replaces=True)
    assert {one.id for one in await store.concepts.loaded()} == {again.id, two.id}
    assert one.collection not in await store.collections()
    assert (await store.concepts.read(again, ["dog", "cat"])).keys() == {"dog"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("code,display\na,A\na,B\n", "'a' is in the file twice"),
        ("code,display\n,A\n", "A code has 1 to 256 letters"),
        (f"code,display\n{'a' * 257},A\n", "A code has 1 to 256 letters"),
        ("code,display\na,A\nb,B,C\n", "Line 3"),
    ],
)
async def test_what_fails_on_the_way_leaves_nothing_behind(store, tmp_path, text, told):
    with pytest.raises(Invalid, match=told):
        await loading(store, source(tmp_path, text))
    assert await store.concepts.loaded() == []
    assert not [name for name in await store.collections() if name.startswith("concepts_")]


async def test_a_version_has_to_be_named(store, tmp_path):
    with pytest.raises(Invalid, match="--version"):
        await loading(store, source(tmp_path, version=""))


async def test_a_hierarchy_that_goes_in_a_circle_is_walked_once(store, tmp_path):
    text = "code,display,parent\na,A,b\nb,B,a\nc,C,c\n"
    loaded, _ = await loading(store, source(tmp_path, text))
    system = LargeSystem(store.concepts, loaded)
    assert await system.below("a", 10) == {"a", "b"}
    assert await system.above("c") == {"c"}


async def test_the_terminology_asks_a_loaded_system_where_its_resource_may_be_read(
    store, tmp_path, keep, terminology
):
    given = source(tmp_path)
    loaded, _ = await loading(store, given)
    with pytest.raises(Invalid, match="is not known here"):
        await terminology.below(allow, SYSTEM, "cat")
    await keep(head=header(given, loaded))
    assert await terminology.below(allow, SYSTEM, "cat") == {"cat", "lynx"}
    assert await terminology.above(allow, f"{SYSTEM}|1", "cat") == {"cat", "mammal"}
    with pytest.raises(Invalid, match="is no code of"):
        await terminology.above(allow, SYSTEM, "dog")
    found = await terminology.content.code_system(allow, SYSTEM)
    assert found is not None
    assert not found.listed
    part = await terminology.content.with_codes(found, ["cat", "dog"])
    assert part.codes.keys() == {"cat", "mammal"}


async def test_value_sets_choose_from_a_loaded_system(store, tmp_path, keep, terminology):
    given = source(tmp_path)
    loaded, _ = await loading(store, given)
    felines = clause(SYSTEM, None, ("concept", "is-a", "cat"))
    await keep(
        head=header(given, loaded),
        cats=value_set("cats", felines),
        active=value_set("active", felines, inactive=False),
        others=value_set("others", clause(), exclude=[felines]),
        legs=value_set("legs", clause(SYSTEM, ["cat", "bat"], ("legs", "=", "2"))),
    )
    expected = {
        "cats": {"cat", "lynx"},
        "active": {"cat"},
        "others": {"mammal", "bat", "flyer", "hen"},
        "legs": {"bat"},
    }
    for name, codes in expected.items():
        found = await terminology.expand(allow, f"{SET}{name}")
        assert found == {(SYSTEM, code) for code in codes}, name
