"""The order of a search on several types is total, and a page begins where one ended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.errors import Invalid
from fhir_server.search.match import matches
from fhir_server.search.merged import order_of

TYPES = ["Account", "Patient", "Task"]
ROWS = st.lists(
    st.tuples(st.sampled_from(TYPES), st.sampled_from("abc"), st.integers(0, 3)),
    unique_by=lambda row: row[:2],
    min_size=1,
)
SORTS = ["", "_lastUpdated", "-_lastUpdated", "_id", "-_id"]


@given(ROWS, st.sampled_from(SORTS), st.data())
def test_behind_a_row_is_exactly_what_the_order_puts_behind_it(rows, sort, data):
    order = order_of(sort)
    line = sorted((order.row(*row) for row in rows), reverse=order.descending)
    here = data.draw(st.integers(0, len(line) - 1))
    behind = [
        order.row(type_, id_, ts)
        for type_, id_, ts in rows
        if matches(order.behind(line[here], type_), {"_id": id_, "ts": ts, "x": {}})
    ]
    assert sorted(behind, reverse=order.descending) == line[here + 1 :]


@given(ROWS, st.sampled_from(SORTS))
def test_a_row_tells_its_type_and_id(rows, sort):
    order = order_of(sort)
    assert [order.key(order.row(*row)) for row in rows] == [row[:2] for row in rows]


def test_without_a_sort_it_is_type_by_type():
    assert order_of("").by_type
    assert not order_of("-_lastUpdated").by_type


def test_the_rows_of_one_type_are_sorted_by_what_is_not_the_type():
    (ts, id_) = order_of("-_lastUpdated").sort
    assert (ts.field, id_.field, ts.descending, id_.descending) == ("ts", "_id", True, True)


@pytest.mark.parametrize("sort", ["name", "-", "_lastUpdated,_id", "__lastUpdated"])
def test_what_types_have_not_in_common_does_not_order_them(sort):
    with pytest.raises(Invalid, match="_lastUpdated or _id only"):
        order_of(sort)
