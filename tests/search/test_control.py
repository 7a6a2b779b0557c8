"""Counts, orders and totals."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.control import count_of
from fhir_server.search.query import SortKey


@pytest.mark.parametrize(
    ("text", "expected"), [(None, 50), ("0", 0), ("7", 7), ("1000000", 100), ("9" * 400, 100)]
)
def test_a_count_is_capped(text, expected):
    assert count_of(text, default=50, cap=100) == expected


@pytest.mark.parametrize("text", ["", "-1", "1.5", "ten", "٣", " 1", "+1"])
def test_a_count_is_a_number(text):
    with pytest.raises(Invalid):
        count_of(text, default=50, cap=100)


def test_the_default_order_is_by_id(search):
    assert search.ask("Patient").sort == (SortKey("_id", nullable=False),)


def test_a_sort_has_fields_and_directions_and_ends_with_the_id(search):
    sort = search.ask("Observation", ("_sort", "-date,code,-_lastUpdated,_id")).sort
    assert sort == (
        SortKey("x.date.lo", descending=True),
        SortKey("x.code", single=False, prefix="*|"),
        SortKey("ts", descending=True, nullable=False),
        SortKey("_id", nullable=False),
    )


def test_the_id_follows_the_direction_of_the_last_key(search):
    last = search.ask("Observation", ("_sort", "-date")).sort[-1]
    assert last == SortKey("_id", descending=True, nullable=False)


def test_names_are_sorted_by_their_whole_text(search):
    assert search.ask("Patient", ("_sort", "name")).sort[0].field == "x.name:sort"
    fields = search.document({"resourceType": "Patient", "name": [{"text": "Lê Văn An"}]})["x"]
    assert fields["name:sort"] == ["le van an"]


@pytest.mark.parametrize(
    "value", ["nothing", "-", "code-value-quantity", "date:missing", "a,b,c,d,e"]
)
def test_an_order_by_what_is_not_searched_is_refused(search, value):
    with pytest.raises(Invalid, match="_sort"):
        search.ask("Observation", ("_sort", value))


def test_a_summary_of_counts_asks_for_no_rows(search):
    query = search.ask("Patient", ("_summary", "count"), ("_count", "5"))
    assert (query.count, query.summary) == (0, "count")


@pytest.mark.parametrize("total", ["none", "estimate", "accurate"])
def test_totals_are_taken_over(search, total):
    assert search.ask("Patient", ("_total", total)).total == total


@pytest.mark.parametrize(
    "parameters",
    [
        [("_total", "maybe")],
        [("_summary", "some")],
        [("_count", "1"), ("_count", "2")],
        [("_sort", "name"), ("_sort", "gender")],
        [("_page", "x" * 5000)],
    ],
)
def test_other_values_and_repetitions_are_refused(search, parameters):
    with pytest.raises(Invalid):
        search.ask("Patient", *parameters)


def test_several_keys_of_several_values_are_an_order(search):
    sort = search.ask("Observation", ("_sort", "-code,category")).sort
    assert [(key.field, key.single) for key in sort] == [
        ("x.code", False),
        ("x.category", False),
        ("_id", True),
    ]


def test_what_has_no_order_is_no_key(search):
    with pytest.raises(Invalid, match="type composite have no order"):
        search.ask("Observation", ("_sort", "code-value-quantity"))


def test_a_count_is_applied_within_its_cap(search):
    query = search.ask("Patient", ("_count", "99999"), ("_sort", "-birthdate"))
    assert query.applied == (("_count", "1000"), ("_sort", "-birthdate"))


@pytest.mark.parametrize(("value", "explain"), [("true", True), ("false", False)])
def test_a_plan_is_asked_for(search, value, explain):
    assert search.ask("Patient", ("__explain", value)).explain == explain
