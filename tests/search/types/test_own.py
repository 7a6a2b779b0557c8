"""`_id` and `_lastUpdated`, asked of the document itself."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.dates import date_range
from fhir_server.search.condition import Element
from fhir_server.search.match import matches
from fhir_server.search.place import Place
from fhir_server.search.types import date, own

PATIENT = {"resourceType": "Patient", "id": "a"}


def test_ids_are_found(search):
    assert search.found(PATIENT, ("_id", "a"))
    assert search.found(PATIENT, ("_id", "b,a"))
    assert not search.found(PATIENT, ("_id", "A"))
    assert search.found(PATIENT, ("_id:not", "b"))
    assert search.found(PATIENT, ("_id:missing", "false"))


def test_an_id_has_no_system(search):
    assert search.found(PATIENT, ("_id", "|a"))
    assert not search.found(PATIENT, ("_id", "http://example.org|a"))
    assert search.found(PATIENT, ("_id:not", "http://example.org|a"))


@pytest.mark.parametrize("value", ["$ne", "a' || '1'=='1", "..", "a\x00"])
def test_an_odd_id_is_only_not_found(search, value):
    assert not search.found(PATIENT, ("_id", value))


@given(
    st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]),
    st.sampled_from(["1970", "1970-01", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000005Z"]),
    st.integers(-3, 3),
    st.booleans(),
)
def test_a_moment_compares_as_a_range_of_a_microsecond(prefix, text, distance, at_end):
    place = Place(zone=UTC)
    ts = date_range(text, UTC)[at_end] + distance
    ranged = Element("x.d", (date.condition_of(prefix + text, place),), single=True)
    moment = own.TIME_MODIFIERS[""](None, [prefix + text], place)
    document = {"ts": ts, "x": {"d": {"lo": ts, "hi": ts + 1}}}
    assert matches(moment, document) is matches(ranged, document)
