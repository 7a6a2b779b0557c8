"""A ValueSet resource read into clauses."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.value_set import Clause, Filter, value_set_of
from tests.terminology.systems import SYSTEM, clause, value_set


def test_a_composition_is_read_into_clauses():
    found = value_set_of(
        value_set(
            "v",
            clause(SYSTEM, ["a", "b"], version="2"),
            clause(SYSTEM, None, ("concept", "is-a", "a")),
            clause(None, valueSet=["http://example.org/w|1"]),
            exclude=[clause()],
            inactive=False,
        )
    )
    assert found.include == (
        Clause(f"{SYSTEM}|2", {"a": {"code": "a"}, "b": {"code": "b"}}),
        Clause(SYSTEM, None, (Filter("concept", "is-a", "a"),)),
        Clause(value_sets=("http://example.org/w|1",)),
    )
    assert found.exclude == (Clause(SYSTEM),)
    assert found.active
    assert not value_set_of(value_set("v", clause())).active


def test_a_null_among_the_imports_is_passed_over():
    assert value_set_of(value_set("v", {"valueSet": [None, "x"]})).include[0].value_sets == ("x",)


def test_without_a_composition_the_expansion_is_the_set():
    contains = [
        {"system": SYSTEM, "code": "a"},
        {"system": SYSTEM, "code": "g", "abstract": True, "contains": [
            {"system": SYSTEM, "code": "b"},
        ]},
        {"display": "a heading"},
    ]  # fmt: skip
    found = value_set_of({"url": "v", "expansion": {"contains": contains}})
    (clause_,) = found.include
    assert (clause_.system, list(clause_.codes)) == (SYSTEM, ["a", "b"])


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"expansion": {}},
        {"expansion": {"total": 2, "contains": [{"system": SYSTEM, "code": "a"}]}},
    ],
)
def test_a_set_whose_codes_are_not_all_there_is_refused(more):
    with pytest.raises(Invalid, match="neither"):
        value_set_of({"url": "v", **more})


def test_what_has_only_extensions_has_no_value():
    row = {"_system": {}, "concept": [{"_code": {}}], "filter": [{"_op": {}}], "valueSet": [None]}
    found = value_set_of({"compose": {"include": [row]}})
    assert found.include == (Clause("", {"": {"_code": {}}}, (Filter("", "", ""),)),)
    assert value_set_of({"compose": {}}).include == ()
