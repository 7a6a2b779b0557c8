"""A query's parameters: combined, counted, refused by name, or left out with a warning."""

from contextlib import suppress

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Everything
from fhir_server.search.parse import _form

HOSTILE = ["$or", "__proto__", "x.code", "_id.x", "a\x00b", "", ":", ":missing", "code|", "$where"]


def refused(search, type_, *parameters):
    with pytest.raises(Invalid) as caught:
        search.ask(type_, *parameters)
    return caught.value.issues


def test_no_parameter_asks_for_everything(search):
    assert search.ask("Patient").condition == Everything()


def test_different_parameters_all_hold(search):
    resource = {"resourceType": "Patient", "gender": "female", "birthDate": "1980-02-03"}
    assert search.found(resource, ("gender", "female"), ("birthdate", "1980"))
    assert not search.found(resource, ("gender", "female"), ("birthdate", "1981"))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_just_unknown(search, name):
    (issue,) = refused(search, "Patient", (name, "1"))
    assert (issue.code, issue.severity) == ("not-supported", "error")


def test_all_faults_are_named_at_once(search):
    issues = refused(
        search,
        "Observation",
        ("foo", "1"),
        ("bar:x", "1"),
        ("value-quantity", "many"),
        ("code:contains", "x"),
        ("date", "yesterday"),
        ("_count", "many"),
    )
    told = " ".join(issue.diagnostics for issue in issues)
    assert len(issues) == 6
    for name in ("foo", "bar:x", "value-quantity", "code:contains", "date", "_count"):
        assert name in told


def test_a_lenient_search_leaves_out_what_is_unknown_and_says_so(search):
    query = search.ask("Patient", ("foo", "1"), ("gender", "male"), ("_content", "x"), strict=False)
    assert [issue.severity for issue in query.issues] == ["warning", "warning"]
    assert query.applied == (("gender", "male"),)
    assert query.condition == search.ask("Patient", ("gender", "male")).condition


def test_a_lenient_search_does_not_swallow_a_bad_value(search):
    with pytest.raises(Invalid):
        search.ask("Patient", ("birthdate", "yesterday"), strict=False)


def test_formats_are_left_to_the_door(search):
    query = search.ask("Patient", ("_format", "json"), ("_pretty", "true"))
    assert query.condition == Everything()


def test_the_self_link_has_what_was_used_without_the_page(search):
    parameters = [("gender", "male"), ("_sort", "name"), ("_count", "5"), ("_page", "abc")]
    query = search.ask("Patient", *parameters)
    assert query.applied == tuple(parameters[:-1])
    assert query.after == "abc"


@pytest.mark.parametrize(
    "parameters",
    [
        [("gender", "male")] * 201,
        [("name", "a" * 4097)],
        [("_id", ",".join("a" * 501))],
    ],
)
def test_a_search_has_its_limits(search, parameters):
    (issue,) = refused(search, "Patient", *parameters)
    assert issue.code == "too-costly"


@pytest.mark.parametrize("value", ["", ",", "a,", ",,"])
def test_an_empty_value_is_refused(search, value):
    (issue,) = refused(search, "Patient", ("gender", value))
    assert "empty" in issue.diagnostics


def test_a_long_name_is_not_repeated_whole(search):
    (issue,) = refused(search, "Patient", ("x" * 100_000, "1"))
    assert len(issue.diagnostics) < 200


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nme", "'nme' is no parameter of Patient; nearest: name."),
        ("birthdat:missing", "'birthdat:missing' is no parameter of Patient; nearest: birthdate"),
        ("xyz", "'xyz' is no parameter of Patient; /metadata lists those there are."),
    ],
)
def test_an_unknown_parameter_is_told_with_those_it_may_have_been_meant_for(search, name, told):
    with pytest.raises(Invalid) as caught:
        search.ask("Patient", (name, "1"))
    assert caught.value.issues[0].diagnostics.startswith(told)


def test_searches_of_one_form_ask_each_for_its_own(search):
    one = search.ask("Patient", ("_id", "a"), ("_count", "5"), ("_page", "x"))
    other = search.ask("Patient", ("_id", "b"), ("_count", "5"), ("_page", "y"))
    assert (one.condition, one.after) == (AnyOf("_id", ("a",)), "x")
    assert (other.condition, other.after) == (AnyOf("_id", ("b",)), "y")
    assert (one.applied, other.applied) == (
        (("_id", "a"), ("_count", "5")),
        (("_id", "b"), ("_count", "5")),
    )
    with pytest.raises(Invalid):
        search.ask("Patient", ("_id", ""), ("_count", "5"), ("_page", "x"))


@pytest.mark.parametrize(
    "parameters", [[("_include", "x" * 2_000)], [("x" * 2_000, "1")], [("_elements", "x" * 2_000)]]
)
def test_what_is_long_or_looked_for_is_not_kept(search, parameters):
    search.ask("Patient", ("family", "a"))
    kept = _form.cache_info().currsize
    search.ask("Patient", ("family", "another"))
    with suppress(Invalid):
        search.ask("Patient", *parameters)
    assert _form.cache_info().currsize == kept
