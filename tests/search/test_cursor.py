"""Keyset paging: every row once, in order, missing last; and cursors nobody can forge."""

from functools import cmp_to_key

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Everything
from fhir_server.search.cursor import (
    Position,
    after,
    missing,
    seal,
    served,
    steps,
    unseal,
    values_of,
)
from fhir_server.search.match import matches, values_at
from fhir_server.search.query import BY_ID, SearchQuery, SortKey
from fhir_server.search.seal import seal as sealed

KEY = b"k" * 32
QUERY = SearchQuery(
    "Patient", Everything(), applied=(("name", "an"), ("_count", "5")), path="Patient"
)


def walk(documents, sort, size, bound=None):
    """Read all pages as the search interaction does; give the ids in the order met."""
    met = []
    position = None
    while True:
        page = []
        for step in steps(sort, position, bound=bound):
            for row in rows_of(step, documents)[: size - len(page)]:
                page.append(row["_id"])
                last = Position(step.number, values_of(step.sort, row), bound)
            if len(page) == size:
                break
        met += page
        if len(page) < size:
            return met
        position = unseal(KEY, structs.replace(QUERY, after=seal(KEY, QUERY, last)))


def rows_of(step, documents):
    rows = [row | computed(step, row) for row in documents if matches(step.condition, row)]
    return sorted((row for row in rows if matches(step.rest, row)), key=as_mongodb(step.sort))


def computed(step, row):
    found = {}
    for name, key in step.computed.items():
        values = [one for one in values_at(row, key.field) if matching_prefix(one, key)]
        best = (max if key.descending else min)(values, default=None)
        found |= {missing(name): int(best is None)} | ({} if best is None else {name: best})
    return found


def matching_prefix(value, key):
    return not key.prefix or value.startswith(key.prefix)


def as_mongodb(sort):
    return cmp_to_key(lambda one, other: compare(one, other, sort, missing_last=False))


def as_asked(sort):
    return cmp_to_key(lambda one, other: compare(one, other, sort, missing_last=True))


def compare(one, other, sort, *, missing_last):
    for key in sort:
        values = [
            [value for value in values_at(row, key.field) if matching_prefix(value, key)]
            for row in (one, other)
        ]
        lacking = [not found for found in values]
        if all(lacking):
            continue
        if any(lacking):
            last = lacking[0] if missing_last or key.descending else lacking[1]
            return 1 if last else -1
        low, high = (max(found) if key.descending else min(found) for found in values)
        if low != high:
            return (1 if low > high else -1) * (-1 if key.descending else 1)
    return 0


small = st.integers(0, 3)
word = st.text(alphabet="ab", max_size=2)
token = st.sampled_from(["*|a", "*|b", "s|a", "!|b"])


@st.composite
def a_document(draw):
    fields = {
        "date": draw(st.none() | st.builds(lambda lo: {"lo": lo}, small)),
        "name": draw(st.none() | st.lists(word, min_size=1, max_size=2)),
        "code": draw(st.none() | st.lists(token, min_size=1, max_size=2)),
    }
    return {"ts": draw(small), "x": {name: value for name, value in fields.items() if value}}


KEYS = [
    SortKey("ts", nullable=False),
    SortKey("x.date.lo"),
    SortKey("x.name", single=False),
    SortKey("x.code", single=False, prefix="*|"),
]
a_key = st.builds(
    lambda key, descending: structs.replace(key, descending=descending),
    st.sampled_from(KEYS),
    st.booleans(),
)
an_order = st.builds(
    lambda keys, descending: (*keys, SortKey("_id", descending, nullable=False)),
    st.lists(a_key, max_size=3, unique_by=lambda key: key.field),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(a_document(), max_size=12), an_order, st.integers(1, 5))
def test_pages_give_every_row_once_in_order(documents, sort, size):
    rows = [{"_id": f"{number:02}", **row} for number, row in enumerate(documents)]
    expected = sorted(rows, key=as_asked(sort))
    assert walk(rows, sort, size) == [row["_id"] for row in expected]


@settings(deadline=None)
@given(st.lists(a_document(), max_size=12), an_order, st.data())
def test_what_is_before_a_row_is_met_backwards(documents, sort, data):
    rows = [{"_id": f"{number:02}", **row} for number, row in enumerate(documents)]
    forward = [(step, row) for step in steps(sort) for row in rows_of(step, rows)]
    place = data.draw(st.integers(0, len(forward)))
    position = Position(0, back=True)
    if place < len(forward):
        step, row = forward[place]
        position = Position(step.number, values_of(step.sort, row), back=True)
    met = [row["_id"] for step in steps(sort, position) for row in rows_of(step, rows)]
    assert met == [row["_id"] for _, row in forward[:place]][::-1]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([BY_ID], True),
        ([SortKey("x.date.lo", descending=True), BY_ID], True),
        ([SortKey("x.date.lo"), SortKey("ts", nullable=False), BY_ID], True),
        ([SortKey("ts", nullable=False), SortKey("x.date.lo"), BY_ID], False),
        ([SortKey("x.name", single=False), BY_ID], False),
    ],
)
def test_an_index_follows_what_is_no_array_and_lacks_only_first(keys, expected):
    assert served(keys) == expected
    assert all(bool(step.computed) != expected for step in steps(keys))


def test_a_row_inserted_or_deleted_in_between_hides_no_other():
    rows = [{"_id": f"{number}", "ts": number, "x": {}} for number in range(6)]
    sort = (BY_ID,)
    position = Position(0, ("2",))
    changed = [*rows[:1], *rows[3:], {"_id": "3a", "ts": 9, "x": {}}]
    (step,) = steps(sort, position)
    met = [row["_id"] for row in rows_of(step, changed)]
    assert met == ["3", "3a", "4", "5"]


def test_a_walk_by_last_updated_ends_at_its_bound():
    rows = [{"_id": f"{number}", "ts": number, "x": {}} for number in range(6)]
    sort = (SortKey("ts", nullable=False), BY_ID)
    assert walk(rows, sort, 2, bound=3) == ["0", "1", "2", "3"]


@given(
    st.integers(0, 9),
    st.lists(st.none() | st.text() | st.integers(-(2**63), 2**63 - 1)),
    st.none() | small,
    st.booleans(),
)
def test_a_cursor_comes_back_as_it_went(step, values, bound, back):
    position = Position(step, tuple(values), bound, back)
    text = seal(KEY, QUERY, position)
    assert unseal(KEY, structs.replace(QUERY, after=text)) == position


def test_a_first_page_has_no_position():
    assert unseal(KEY, QUERY) is None


@given(st.data())
def test_a_changed_cursor_is_refused(data):
    text = seal(KEY, QUERY, Position(0, ("an", "7")))
    place = data.draw(st.integers(0, len(text) - 2))
    other = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda letter: letter != text[place]))
    with pytest.raises(Invalid):
        unseal(KEY, structs.replace(QUERY, after=text[:place] + other + text[place + 1 :]))


@given(st.text())
def test_any_other_text_is_refused(text):
    with pytest.raises(Invalid):
        unseal(KEY, structs.replace(QUERY, after=text))


@pytest.mark.parametrize(
    "other",
    [
        structs.replace(QUERY, path="Observation"),
        structs.replace(QUERY, applied=(("name", "binh"),)),
        structs.replace(QUERY, applied=(*QUERY.applied, ("_sort", "name"))),
    ],
)
def test_a_cursor_is_of_one_query_only(other):
    text = seal(KEY, QUERY, Position(0, ("7",)))
    with pytest.raises(Invalid):
        unseal(KEY, structs.replace(other, after=text))


def test_another_page_size_keeps_the_cursor():
    text = seal(KEY, QUERY, Position(0, ("7",)))
    other = structs.replace(QUERY, applied=(("name", "an"), ("_count", "9")), after=text)
    assert unseal(KEY, other) == Position(0, ("7",))


def test_another_key_refuses_the_cursor():
    text = seal(KEY, QUERY, Position(0, ("7",)))
    with pytest.raises(Invalid):
        unseal(b"x" * 32, structs.replace(QUERY, after=text))


def test_a_link_from_before_there_was_a_way_back_leads_on():
    text = sealed(KEY, ["Patient", ("name", "an")], (0, ("7",), None))
    assert unseal(KEY, structs.replace(QUERY, after=text)) == Position(0, ("7",))


def test_a_step_there_is_not_is_no_place():
    with pytest.raises(Invalid):
        steps((BY_ID,), Position(7, ("1",)))


def test_a_position_has_a_value_for_every_key():
    with pytest.raises(Invalid):
        after((BY_ID,), ())
