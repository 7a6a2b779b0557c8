"""A Condition means the same to the database and to search/match."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Contains,
    Element,
    Everything,
    Not,
    Nothing,
    Or,
    Present,
    Within,
)
from fhir_server.search.match import matches
from fhir_server.store.filters import checked, in_history, to_filter

WORDS = st.sampled_from(["", "a", "ab", "b", "$gt", "x.one", "ă", "\U0010ffff"])
NUMBERS = st.integers(-3, 3)
RANGES = st.fixed_dictionaries({"lo": NUMBERS, "hi": NUMBERS})
FIELDS = {
    "one": WORDS,
    "rank": NUMBERS,
    "many": st.lists(WORDS, min_size=1, max_size=3),
    "date": RANGES,
    "dates": st.lists(RANGES, min_size=1, max_size=3),
    "pair": st.lists(
        st.fixed_dictionaries(
            {"a": st.lists(WORDS, min_size=1, max_size=2)},
            optional={"b": st.lists(RANGES, min_size=1, max_size=2), "c": RANGES},
        ),
        min_size=1,
        max_size=3,
    ),
    "point": st.tuples(st.integers(100, 103), st.integers(8, 11)).map(list),
}
DOCUMENTS = st.lists(st.fixed_dictionaries({}, optional=FIELDS), min_size=1, max_size=8)


def comparisons(field, values, *, single):
    ends = st.none() | values
    return st.one_of(
        st.lists(values, max_size=3).map(lambda some: AnyOf(field, tuple(some))),
        st.builds(Between, st.just(field), ends, ends, st.just(single)),
        st.just(Present(field)),
    )


PARTS = st.recursive(
    st.one_of(comparisons("lo", NUMBERS, single=True), comparisons("hi", NUMBERS, single=True)),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2)
        .map(tuple)
        .flatmap(lambda parts: st.sampled_from([And(parts), Or(parts)]))
    ),
    max_leaves=3,
)
ELEMENTS = st.sampled_from([("x.date", True), ("x.dates", False)]).flatmap(
    lambda field: st.lists(PARTS, min_size=1, max_size=2).map(
        lambda parts: Element(field[0], tuple(parts), single=field[1])
    )
)
PAIR_PARTS = st.one_of(
    comparisons("a", WORDS, single=False),
    comparisons("c.lo", NUMBERS, single=True),
    PARTS.map(lambda part: Element("b", (part,))),
    PARTS.map(lambda part: Element("c", (part,), single=True)),
    WORDS.filter(bool).map(lambda text: Contains("a", text)),
)
PAIRS = st.lists(PAIR_PARTS | PAIR_PARTS.map(Not), min_size=1, max_size=2).map(
    lambda parts: Element("x.pair", tuple(parts))
)
LEAVES = st.one_of(
    st.just(Everything()),
    st.just(Nothing()),
    comparisons("x.one", WORDS, single=True),
    comparisons("x.rank", NUMBERS, single=True),
    comparisons("x.many", WORDS, single=False),
    comparisons("_id", st.sampled_from(["0", "1", "2"]), single=True),
    comparisons("ts", NUMBERS, single=True),
    ELEMENTS,
    PAIRS,
    WORDS.filter(bool).map(lambda text: Contains("x.many", text)),
    st.builds(
        Within, st.just("x.point"), st.just(101.2), st.just(9.1), st.sampled_from([50, 120, 400])
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=6,
)


def expressible(condition):
    """Some questions about one field of one element have no place beside each other."""
    try:
        to_filter(condition)
    except Invalid:
        return False
    return True


async def found(store, documents, conditions):
    await store.database.Toy.delete_many({})
    await store.database.Toy.insert_many(documents)
    ids = []
    for condition in conditions:
        cursor = store.database.Toy.find(to_filter(condition), {"_id": 1})
        ids.append({row["_id"] async for row in cursor})
    return ids


@pytest.fixture
def ask(store, loop):
    return lambda documents, conditions: loop.run_until_complete(
        found(store, documents, conditions)
    )


def test_the_database_and_match_agree(ask):
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(DOCUMENTS, st.lists(CONDITIONS.filter(expressible), min_size=10, max_size=10))
    def agree(fields, conditions):
        documents = [
            {"_id": str(number), "ts": number, "x": each} for number, each in enumerate(fields)
        ]
        answers = ask(documents, conditions)
        for condition, answer in zip(conditions, answers, strict=True):
            assert answer == {one["_id"] for one in documents if matches(condition, one)}, condition

    agree()


def test_both_ends_of_a_range_meet_in_one_element():
    several = to_filter(Between("x.name", "b", "c"))
    assert several == {"x.name": {"$elemMatch": {"$gte": "b", "$lt": "c"}}}
    assert to_filter(Between("x.rank", 1, 2, single=True)) == {"x.rank": {"$gte": 1, "$lt": 2}}
    assert to_filter(Between("ts", 1, 2)) == {"ts": {"$gte": 1, "$lt": 2}}


def test_one_sub_document_is_asked_by_its_paths():
    parts = (Between("lo", 1, None), Between("hi", None, 5))
    assert to_filter(Element("x.date", parts, single=True)) == {
        "x.date.lo": {"$gte": 1},
        "x.date.hi": {"$lt": 5},
    }
    assert to_filter(Element("x.date", parts)) == {
        "x.date": {"$elemMatch": {"lo": {"$gte": 1}, "hi": {"$lt": 5}}}
    }


@pytest.mark.parametrize("value", [{"$gt": ""}, ["a"], None, {"$regex": ".*"}, object()])
def test_nothing_but_a_plain_value_is_compared_with(value):
    for condition in (
        AnyOf("x.a", (value,)),
        AnyOf("x.a", ("a", value)),
        Element("x.a", (AnyOf("b", (value,)),)),
    ):
        with pytest.raises(TypeError):
            to_filter(condition)
    if value is not None:
        with pytest.raises(TypeError):
            to_filter(Between("x.a", value))


@pytest.mark.parametrize("text", ["$where", '{"$gt": ""}', "a.b", "\0"])
def test_text_stays_text(text):
    assert to_filter(AnyOf("x.a", (text,))) == {"x.a": text}
    assert to_filter(AnyOf("x.a", (text, "b"))) == {"x.a": {"$in": [text, "b"]}}


@pytest.mark.parametrize("allow", [None, {}, True, "all", Everything])
def test_only_a_condition_is_an_access_decision(allow):
    with pytest.raises(TypeError):
        checked(allow)


def test_history_documents_are_asked_by_their_own_id():
    allow = Or((AnyOf("_id", ("p1",)), Not(And((Present("x.a"), AnyOf("_id", ("p2",)))))))
    assert in_history(allow) == {
        "$or": [{"id": "p1"}, {"$nor": [{"x.a": {"$exists": True}, "id": "p2"}]}]
    }


def test_what_is_asked_of_different_fields_stands_side_by_side():
    one, other = AnyOf("x.a", ("1",)), AnyOf("x.b", ("2",))
    again, either = AnyOf("x.a", ("3",)), Or((one, other))
    assert to_filter(And((one, And((other, again)), either))) == {
        "x.a": "1",
        "x.b": "2",
        "$and": [{"x.a": "3"}, {"$or": [{"x.a": "1"}, {"x.b": "2"}]}],
    }


def test_a_denial_stands_beside_its_field():
    assert to_filter(Not(Present("x.a"))) == {"x.a": {"$exists": False}}
    assert to_filter(Not(AnyOf("x.a", ("1",)))) == {"x.a": {"$ne": "1"}}
    assert to_filter(Not(AnyOf("x.a", ("1", "2")))) == {"x.a": {"$not": {"$in": ["1", "2"]}}}
    assert to_filter(Not(Or((AnyOf("x.a", ("1",)), Present("x.b"))))) == {
        "$nor": [{"$or": [{"x.a": "1"}, {"x.b": {"$exists": True}}]}]
    }


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([AnyOf("a", ("1",)), AnyOf("a", ("2",))], {"$all": ["1", "2"]}),
        ([AnyOf("a", ("1", "2")), AnyOf("a", ("3",))], {"$in": ["1", "2"], "$all": ["3"]}),
        (
            [AnyOf("a", ("1", "2")), AnyOf("a", ("2", "3"))],
            {"$in": ["1", "2"], "$not": {"$nin": ["2", "3"]}},
        ),
        ([Not(AnyOf("a", ("1",))), Not(AnyOf("a", ("2",)))], {"$nin": ["1", "2"]}),
        (
            [Between("a", "1", "2"), Between("a", "3", "4")],
            {
                "$elemMatch": {"$gte": "1", "$lt": "2"},
                "$all": [{"$elemMatch": {"$gte": "3", "$lt": "4"}}],
            },
        ),
    ],
)
def test_several_questions_about_one_field_of_an_element_may_meet_different_values(
    conditions, expected
):
    assert to_filter(Element("x.p", tuple(conditions))) == {"x.p": {"$elemMatch": {"a": expected}}}


def test_what_cannot_be_asked_of_one_element_is_refused():
    with pytest.raises(Invalid, match="So many questions about one parameter"):
        to_filter(Element("x.p", tuple(Contains("a", text) for text in "bc")))
