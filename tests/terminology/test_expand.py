"""The codes of a ValueSet, worked out from definitions at hand."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.code_system import code_system_of
from fhir_server.terminology.expand import Expansion
from fhir_server.terminology.value_set import value_set_of
from tests.terminology.systems import ANIMALS, SET, SYSTEM, clause, code_system, concept, value_set

OTHER = "http://example.org/plants"
PLANTS = code_system([concept("oak"), concept("cat")], OTHER)
PETS = value_set("pets", clause(SYSTEM, ["cat", "hen"]))


def expanded(*sets, systems=(ANIMALS, PLANTS), limit=100):
    """Give system and code of the first set, by the last part of the system's url."""
    expansion = Expansion(
        {one["url"]: value_set_of(one) for one in sets},
        {one["url"]: code_system_of(one) for one in systems},
        limit,
    )
    found = expansion.codes(sets[0]["url"])
    return {(system.rpartition("/")[2], code) for system, codes in found.items() for code in codes}


def animals(*codes):
    return {("animals", code) for code in codes}


def test_listed_codes_need_no_system():
    assert expanded(PETS, systems=()) == animals("cat", "hen")


def test_a_system_alone_is_all_of_it():
    assert len(expanded(value_set("v", clause()))) == 7


def test_clauses_are_united():
    found = expanded(value_set("v", clause(SYSTEM, ["cat"]), clause(OTHER)))
    assert found == {("animals", "cat"), ("plants", "oak"), ("plants", "cat")}


def test_filters_of_a_clause_hold_together():
    both = clause(SYSTEM, None, ("concept", "is-a", "mammal"), ("legs", "=", "2"))
    assert expanded(value_set("v", both)) == animals("bat")


def test_excluded_codes_are_taken_away_in_their_system_only():
    found = expanded(value_set("v", clause(SYSTEM, ["cat", "hen"]), clause(OTHER),
                               exclude=[clause(SYSTEM, ["cat"])]))  # fmt: skip
    assert found == {("animals", "hen"), ("plants", "oak"), ("plants", "cat")}


def test_imports_of_a_clause_are_intersected_with_it_and_each_other():
    tame = value_set("tame", clause(SYSTEM, ["cat"]), clause(OTHER, ["oak"]))
    names = [f"{SET}pets", f"{SET}tame"]
    assert expanded(value_set("v", clause(None, valueSet=names[:1])), PETS) == animals("cat", "hen")
    assert expanded(value_set("v", clause(None, valueSet=names)), PETS, tame) == animals("cat")
    assert expanded(value_set("v", clause(OTHER, valueSet=names[1:])), tame) == {("plants", "oak")}


def test_imports_of_several_clauses_are_united():
    wild = value_set("wild", clause(SYSTEM, ["lynx"]))
    each = [clause(None, valueSet=[f"{SET}{name}"]) for name in ("pets", "wild")]
    assert expanded(value_set("v", *each), PETS, wild) == animals("cat", "hen", "lynx")


def test_inactive_codes_are_left_out_where_the_set_says_so():
    cats = clause(SYSTEM, None, ("concept", "is-a", "cat"))
    assert expanded(value_set("v", cats)) == animals("cat", "lynx")
    assert expanded(value_set("v", cats, inactive=False)) == animals("cat")
    assert expanded(value_set("v", clause(SYSTEM, ["lynx"]), inactive=False)) == set()


def test_a_set_that_imports_itself_is_refused():
    one = value_set("one", clause(None, valueSet=[f"{SET}two"]))
    two = value_set("two", clause(None, valueSet=[f"{SET}one"]))
    with pytest.raises(Invalid, match=r"one → .*two → .*one"):
        expanded(one, two)


def test_a_set_imported_twice_is_no_cycle():
    again = clause(None, valueSet=[f"{SET}pets"])
    assert expanded(value_set("v", again, again), PETS) == animals("cat", "hen")


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        ([value_set("v", clause("http://example.org/none"))], "takes codes from .*none"),
        ([value_set("v", clause(f"{SYSTEM}|9"))], "takes codes from .*9"),
        ([value_set("v", clause(None, valueSet=[f"{SET}none"]))], "The ValueSet '.*none' is not"),
    ],
)
def test_what_is_missing_is_named(sets, told):
    with pytest.raises(Invalid, match=told) as caught:
        expanded(*sets)
    assert caught.value.issues[0].code == "not-found"


def test_a_system_without_its_codes_is_missing():
    with pytest.raises(Invalid, match="not loaded here"):
        expanded(value_set("v", clause()), systems=[code_system([], content="not-present")])


def test_more_codes_than_the_limit_are_refused():
    assert len(expanded(value_set("v", clause()), limit=7)) == 7
    with pytest.raises(Invalid, match="more than 6 codes") as caught:
        expanded(value_set("v", clause()), limit=6)
    assert caught.value.issues[0].code == "too-costly"


def test_too_much_work_is_refused():
    many = code_system([concept(str(number)) for number in range(30_000)])
    each = [clause(SYSTEM, None, ("concept", "=", "1"))] * 100
    with pytest.raises(Invalid, match="too many clauses"):
        expanded(value_set("v", *each), systems=[many])
