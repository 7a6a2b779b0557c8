"""An expansion's codes in a tree, however the system's hierarchy runs."""

import sys

from fhir_server.fhir import json
from fhir_server.terminology.code_system import code_system_of
from fhir_server.terminology.listing import MAX_LEVELS, Asked, listing
from fhir_server.terminology.value_set import Clause
from tests.terminology.systems import SYSTEM, code_system, concept


def nested(*concepts):
    known = code_system_of(code_system(list(concepts)))
    codes = {SYSTEM: dict.fromkeys(known.codes, Clause(SYSTEM))}
    return listing(codes, {SYSTEM: known}, Asked(nested=True))


def depth(rows):
    levels = 0
    while rows:
        levels += 1
        rows = [inner for row in rows for inner in row.get("contains", ())]
    return levels


def size(rows):
    return sum(1 + size(row.get("contains", ())) for row in rows)


def test_a_code_stands_under_the_first_of_its_parents():
    found = nested(concept("a"), concept("b"), concept("c", parent="b"))
    assert [one["code"] for one in found["contains"]] == ["a", "b"]
    assert [one["code"] for one in found["contains"][1]["contains"]] == ["c"]


def test_codes_above_each_other_in_a_circle_stand_side_by_side():
    found = nested(concept("a", parent="b"), concept("b", parent="a"), concept("c"))
    assert sorted(one["code"] for one in found["contains"]) == ["a", "b", "c"]
    assert found["total"] == 3


def test_a_tree_has_a_bounded_number_of_levels():
    chain = [concept(str(number), parent=str(number - 1)) for number in range(3_000)]
    found = nested(*chain)
    assert depth(found["contains"]) == MAX_LEVELS
    assert size(found["contains"]) == found["total"] == 3_000
    assert MAX_LEVELS < json.MAX_DEPTH < sys.getrecursionlimit()
