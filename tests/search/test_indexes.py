"""The default index set: what MongoDB allows, and every documented search served by it."""

import json
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from fhir_server.search.condition import And, AnyOf, Between, Element, Or
from fhir_server.search.cursor import served
from fhir_server.search.index import CONSENT_FIELD, PATIENT_FIELD
from fhir_server.search.kinds import kind_of
from fhir_server.search.plan import plan, shown
from fhir_server.search.shape import MOST_INDEXES, may_hold_array
from fhir_server.store.indexes import wanted_indexes

WANTED = json.loads(files("profiles").joinpath("server/indexes.json").read_text("utf-8"))
PAGE = Path(__file__).parents[2] / "docs" / "search-performance.md"
ROWS = re.findall(r"^\| `(\w+)\?([^`]+)` \| `([^`]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
# Of which types, the index: the table "Indexes" as far as it is of resources.
BUILT = re.findall(
    r"^\| (every type[^|]*|[A-Z][\w, ]+) \| `([^`]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE
)
DEEPEST = 100


def of_type(type_):
    return [*WANTED["*"], *WANTED.get(type_, [])]


def code_of(field):
    return field.removeprefix("x.").removesuffix(".lo").partition(":")[0]


def keys_of(index):
    return tuple((field, way) for field, way in index)


@pytest.mark.parametrize("type_", sorted(set(WANTED) - {"*"}))
def test_an_index_is_over_what_is_searched(spec, type_):
    params = spec.search_params(type_)
    for index in WANTED[type_]:
        if index == [[f"x.{PATIENT_FIELD}", 1]]:
            assert type_ == "Patient" or type_ in spec.compartment("Patient")
            continue
        if index == [[f"x.{CONSENT_FIELD}.patient", 1]]:
            assert type_ == "Consent"
            continue
        codes = [code_of(field) for field, _ in index if field.startswith("x.")]
        assert all(kind_of(params[code]) for code in codes)
        assert all(way in (1, -1) for _, way in index)
        assert len({field for field, _ in index}) == len(index)


def test_no_index_has_two_arrays(spec):
    # https://www.mongodb.com/docs/manual/core/indexes/index-types/index-multikey/
    for type_ in spec.types:
        for index in of_type(type_):
            arrays = [field for field, _ in index if may_hold_array(spec, type_, field)]
            assert len(arrays) <= 1, (type_, index)


def test_what_is_indexed_is_an_array_only_where_it_is_said_to_be(spec, search):
    patient = {
        "resourceType": "Patient",
        "identifier": [{"system": "http://example.org/sid", "value": "1"}],
        "name": [{"text": "An"}],
        "birthDate": "1990-02-28",
        "managingOrganization": {"reference": "Organization/1"},
        "gender": "female",
    }
    for code, value in search.document(patient)["x"].items():
        field = f"x.{code}.lo" if isinstance(value, dict) else f"x.{code}"
        assert may_hold_array(spec, "Patient", field) or not isinstance(value, list), code


def test_no_collection_has_more_indexes_than_mongodb_takes(spec):
    # https://www.mongodb.com/docs/manual/reference/limits/: 64, the one on _id is one of them.
    assert max(len(of_type(type_)) + 1 for type_ in spec.types) <= MOST_INDEXES
    by_collection = Counter(one.collection for one in wanted_indexes(WANTED, spec.types))
    assert max(by_collection.values()) < MOST_INDEXES


def test_no_path_is_deeper_than_mongodb_takes():
    fields = {field for rows in WANTED.values() for index in rows for field, _ in index}
    assert max(field.count(".") + 1 for field in fields) <= DEEPEST


def test_no_order_an_index_is_followed_in_has_an_array(search):
    for type_, query, index in ROWS:
        order = search.ask(type_, *parse_qsl(query)).sort
        assert served(order), (type_, query, index)


def test_a_documented_search_is_planned_by_the_index_beside_it(search):
    other = []
    for type_, query, index in ROWS:
        asked = search.ask(type_, *parse_qsl(query))
        indexes = [keys_of(keys) for keys in [*of_type(type_), [["_id", 1]]]]
        found = plan(asked.condition, asked.sort, indexes)
        if found.scans or not found.index or shown(found.index) != index:
            other.append((type_, query, index, found))
    assert not other


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


def test_the_page_names_every_index_with_what_needs_it(spec):
    told = sorted((type_, keys) for of, keys in BUILT for type_ in named(spec, of))
    there = [(type_, shown(keys_of(keys))) for type_, rows in WANTED.items() for keys in rows]
    assert told == sorted(there)


def named(spec, of):
    """Give the types a row is of, as the index set has them."""
    match of:
        case "every type":
            return ["*"]
        case "every type of a patient's compartment":
            return sorted({"Patient", *spec.compartment("Patient")})
        case _ if of.startswith("every type with "):
            code = of.split()[-1].strip("`")
            return [type_ for type_ in spec.types if code in spec.search_params(type_)]
        case _:
            return of.split(", ")


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
