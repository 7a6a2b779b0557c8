"""The default index set: what MongoDB allows, and every documented search served by it."""

import json
import re
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from fhir_server.search.condition import And, AnyOf, Between, Element, Or
from fhir_server.search.index import PATIENT_FIELD
from fhir_server.search.kinds import kind_of

WANTED = json.loads(files("profiles").joinpath("server/indexes.json").read_text("utf-8"))
PAGE = Path(__file__).parents[2] / "docs" / "search-performance.md"
ROWS = re.findall(r"^\| `(\w+)\?([^`]+)` \| `([^`]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
MOST_INDEXES = 64


def of_type(type_):
    return [*WANTED["*"], *WANTED.get(type_, [])]


def code_of(field):
    return field.removeprefix("x.").removesuffix(".lo").partition(":")[0]


@pytest.mark.parametrize("type_", sorted(set(WANTED) - {"*"}))
def test_an_index_has_searched_fields_and_at_most_one_array(spec, type_):
    params = spec.search_params(type_)
    assert len(of_type(type_)) < MOST_INDEXES
    for index in WANTED[type_]:
        if index == [[f"x.{PATIENT_FIELD}", 1]]:
            assert type_ == "Patient" or type_ in spec.compartment("Patient")
            continue
        fields = [field for field, _ in index if field.startswith("x.")]
        found = [params[code_of(field)] for field in fields]
        assert all(kind_of(param) for param in found)
        arrays = [p.code for p in found if not p.single or p.type in ("token", "string")]
        assert len(arrays) <= 1, index
        assert all(way in (1, -1) for _, way in index)


def test_every_type_with_an_identifier_has_an_index_on_it(spec):
    for type_ in spec.types:
        if "identifier" in spec.search_params(type_):
            assert [["x.identifier", 1]] in WANTED[type_]


def test_no_index_is_the_beginning_of_another():
    for type_ in set(WANTED) - {"*"}:
        indexes = of_type(type_)
        for index in indexes:
            longer = [other for other in indexes if other[: len(index)] == index]
            assert longer == [index], (type_, index)


def test_the_page_has_its_table():
    assert len(ROWS) > 40


@pytest.mark.parametrize(("type_", "query", "index"), ROWS)
def test_a_documented_search_has_its_index(search, type_, query, index):
    keys = [[name.lstrip("-"), -1 if name[0] == "-" else 1] for name in index.split()]
    assert keys == [["_id", 1]] or keys in of_type(type_)
    asked = search.ask(type_, *parse_qsl(query))
    fields = constrained(asked.condition)
    order = [key.field for key in asked.sort]
    names = [name for name, _ in keys]
    # What is fixed comes first in the index, then what it is sorted or bounded by.
    equal = next((place for place, name in enumerate(names) if name not in fields), len(names))
    assert equal > 0 or names[: len(order)] == order
    assert set(order[:1]) <= {*names, "_id"}


def constrained(condition):
    """Give the fields a document must have in a known range to match."""
    match condition:
        case And(parts):
            return set().union(*map(constrained, parts))
        case Or(parts):
            return set.intersection(*map(constrained, parts))
        case Element(field, parts):
            return {f"{field}.{name}" for part in parts for name in constrained(part)}
        case AnyOf(field) | Between(field):
            return {field}
        case _:
            return set()
