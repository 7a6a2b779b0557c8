"""Blinded conditions hold for blinded fields exactly where the plain ones hold for the plain."""

from typing import Any

import pytest
from hypothesis import given, settings
from pymongo import MongoClient

from fhir_server.fhir.errors import Unprocessable
from fhir_server.search.condition import (
    And,
    AnyOf,
    Between,
    Chained,
    Contains,
    Element,
    Not,
    Present,
    Referring,
)
from fhir_server.search.match import matches
from fhir_server.store.encryption import Encryption
from fhir_server.store.key_file import renewed
from fhir_server.store.veil import PLAIN, Veil, check_read
from tests.store.test_filters import CONDITIONS, DOCUMENTS


@pytest.fixture(scope="module")
def veil(mongodb_uri):
    keys = renewed(None, "first")
    with MongoClient(mongodb_uri) as client:
        yield Veil(Encryption(client.no_such, lambda: keys), lambda *_: "")


def texts(value: Any):
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from texts(inner)
        case list():
            for inner in value:
                yield from texts(inner)


def test_a_condition_holds_where_it_held(veil):
    answered = []

    @settings(max_examples=150, deadline=None)
    @given(DOCUMENTS, CONDITIONS)
    def same(documents, condition):
        try:
            asked = veil.asked(condition)
        except Unprocessable:
            return
        for number, fields in enumerate(documents):
            row = {"_id": str(number), "ts": number}
            hidden = veil.fields(fields)
            assert all(len(text) == 22 for text in texts(hidden))
            plain = matches(condition, row | {"x": fields})
            assert matches(asked, row | {"x": hidden}) == plain
            answered.append(plain)

    same()
    assert len(answered) > 200
    assert 0.05 < sum(answered) / len(answered) < 0.95


@pytest.mark.parametrize(
    "condition",
    [
        Between("x.name", "a", None),
        Between("x.name", None, "a"),
        Contains("x.name", "a"),
        Not(Contains("x.name", "a")),
        And((Present("x.name"), Between("x.name", "a", "b"))),
        Element("x.pair", (AnyOf("a", ("b",)), Contains("a", "b"))),
        Chained("x.subject", "Person", Present("x.name")),
        Referring("Task", "x.for", Present("x.name")),
    ],
)
def test_what_needs_the_texts_is_refused_by_its_parameter(veil, condition):
    with pytest.raises(Unprocessable) as refused:
        veil.asked(condition)
    assert refused.value.issues[0].code == "not-supported"


def test_the_same_text_differs_from_field_to_field(veil):
    found = veil.fields({"a": "one", "b": "one", "pair": [{"a": "one"}], "n": [1, True, 2.5]})
    assert len({found["a"], found["b"], found["pair"][0]["a"]}) == 3
    assert found["n"] == [1, True, 2.5]


def test_what_the_store_reads_back_stays_and_may_be_told(veil):
    fields = {name: ["Organization/1"] for name in PLAIN}
    assert veil.fields(fields) == fields
    for name in PLAIN:
        asked = Between(f"x.{name}", "a", "b")
        assert veil.asked(asked) == asked
    check_read([*(f"x.{name}" for name in PLAIN), "_id", "ts", "x.date.lo", "x.date.hi"])
    for field in ("x.name", "x.name:sort", "x.gender"):
        with pytest.raises(Unprocessable):
            check_read([field])


def test_what_stands_for_bytes_depends_on_the_key(veil):
    keys = renewed(None, "other")
    with MongoClient(connect=False) as client:
        other = Veil(Encryption(client.no_such, lambda: keys), lambda *_: "")
    assert veil.blind("lock", b"099") == veil.blind("lock", b"099")
    assert veil.blind("lock", b"099") != other.blind("lock", b"099")
