"""What every parameter type asks means the same to the database and to search/match."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from fhir_server.search.index import index_fields
from fhir_server.search.match import matches
from fhir_server.search.parse import parse
from fhir_server.search.place import Place
from fhir_server.store.filters import to_filter

UCUM = "http://unitsofmeasure.org"
PREFIXES = st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
NUMBERS = st.sampled_from(["-2", "-1.5", "0", "0.9", "1", "1.0", "1.04", "2", "10", "1e1", "1000"])
UNITS = st.sampled_from(["g", "mg", "[pH]"])
CODES = st.sampled_from(["a", "b"])
PATHS = ["http://a/b", "http://a/b/c", "http://a/bc", "http://a", "urn:oid:1.2", "http://a/b|1"]
DEGREES = st.sampled_from(["0", "21.0", "21.05", "-89.9", "80"])


def concept(code):
    return {"coding": [{"system": "http://s", "code": code, "display": f"Name of {code}"}]}


QUANTITIES = st.fixed_dictionaries(
    {"value": NUMBERS.map(lambda text: Raw(text.encode())), "code": UNITS},
    optional={"system": st.just(UCUM), "comparator": st.sampled_from(["<", ">="])},
)
COMPONENTS = st.fixed_dictionaries(
    {"code": CODES.map(concept)}, optional={"valueQuantity": QUANTITIES}
)
RESOURCES = st.one_of(
    st.fixed_dictionaries(
        {"resourceType": st.just("Observation"), "code": CODES.map(concept)},
        optional={
            "valueQuantity": QUANTITIES,
            "component": st.lists(COMPONENTS, min_size=1, max_size=3),
        },
    ),
    st.builds(
        lambda numbers: {
            "resourceType": "RiskAssessment",
            "prediction": [{"probabilityDecimal": Raw(one.encode())} for one in numbers],
        },
        st.lists(NUMBERS, max_size=3),
    ),
    st.builds(
        lambda url, name: {"resourceType": "ValueSet", "url": url, "name": name},
        st.sampled_from(PATHS),
        st.sampled_from(["Nguyễn Thị Bưởi", "a.b", "Ab c"]),
    ),
    st.builds(
        lambda north, east: {
            "resourceType": "Location",
            "position": {"latitude": Raw(north.encode()), "longitude": Raw(east.encode())},
        },
        DEGREES,
        DEGREES,
    ),
)
ASKED_QUANTITIES = st.builds(
    lambda prefix, number, unit: f"{prefix}{number}{unit}",
    PREFIXES,
    NUMBERS,
    st.sampled_from(["", "||mg", f"|{UCUM}|g", f"|{UCUM}|mg", f"|{UCUM}|[pH]"]),
)
PAIRS = st.builds(
    lambda code, quantity: f"{code}${quantity}",
    st.sampled_from(["a", "http://s|b", "http://s|", "|a"]),
    ASKED_QUANTITIES,
)
QUESTIONS = st.one_of(
    st.tuples(
        st.just("Observation"),
        st.sampled_from(["value-quantity", "component-value-quantity", "combo-value-quantity"]),
        ASKED_QUANTITIES,
    ),
    st.tuples(
        st.just("Observation"),
        st.sampled_from(
            ["code-value-quantity", "component-code-value-quantity", "combo-code-value-quantity"]
        ),
        PAIRS | st.lists(PAIRS, min_size=2, max_size=3).map(",".join),
    ),
    st.tuples(
        st.just("Observation"),
        st.sampled_from(["code:text", "combo-code:text", "code:not"]),
        st.sampled_from(["name", "of a", "b", "ame"]),
    ),
    st.tuples(
        st.just("RiskAssessment"),
        st.just("probability"),
        st.builds("".join, st.tuples(PREFIXES, NUMBERS)),
    ),
    st.tuples(
        st.just("ValueSet"),
        st.sampled_from(["url", "url:below", "url:above"]),
        st.sampled_from([*PATHS, "http://a/b/", "http://a/b/c/d"]),
    ),
    st.tuples(
        st.just("ValueSet"),
        st.sampled_from(["name:contains", "name:exact", "name"]),
        st.sampled_from(["thi b", "uoi", "a.b", "b", "Ab c"]),
    ),
    st.tuples(
        st.just("Location"),
        st.just("near"),
        st.builds("|".join, st.tuples(DEGREES, DEGREES, st.sampled_from(["0", "6", "5000"]))),
    ),
    st.tuples(
        st.just("Observation"),
        st.sampled_from(["component-code-value-quantity:missing", "value-quantity:missing"]),
        st.sampled_from(["true", "false"]),
    ),
)


def canonical(value, code):
    factors = {"g": Decimal(1), "mg": Decimal("0.001")}
    return (value * factors[code], "g") if code in factors else None


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


def test_the_database_and_match_agree_on_every_type(spec, ask):
    place = Place(types=spec.types, canonical=canonical)
    hits = []

    def condition_of(type_, name, value):
        asked = [(name, value)]
        query = parse(spec, type_, asked, place, strict=True, max_count=9, default_count=9)
        return query.condition

    @settings(
        max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(
        st.lists(RESOURCES, min_size=8, max_size=12), st.lists(QUESTIONS, min_size=12, max_size=12)
    )
    def agree(resources, questions):
        documents = [
            {"_id": str(number), "ts": 0, "x": index_fields(spec, each, place, identity="1")}
            for number, each in enumerate(resources)
        ]
        conditions = [condition_of(*question) for question in questions]
        answers = ask(documents, conditions)
        for question, condition, answer in zip(questions, conditions, answers, strict=True):
            assert answer == {one["_id"] for one in documents if matches(condition, one)}, question
            hits.append(bool(answer))

    agree()
    # Otherwise the questions would miss what the resources hold.
    assert sum(hits) > len(hits) / 10
