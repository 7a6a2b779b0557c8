"""Date parameters against the standard's words for each prefix, by hand and at random."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir.dates import FOR_EVER, FOREVER_AGO
from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Element
from fhir_server.search.match import matches
from fhir_server.search.types import date

ORACLE = {
    "_eq": lambda s, e, lo, hi: s <= lo and hi <= e,
    "_ne": lambda s, e, lo, hi: not (s <= lo and hi <= e),
    "_gt": lambda s, e, lo, hi: hi > e,
    "_lt": lambda s, e, lo, hi: lo < s,
    "_ge": lambda s, e, lo, hi: hi > e or (s <= lo and hi <= e),
    "_le": lambda s, e, lo, hi: lo < s or (s <= lo and hi <= e),
    "_sa": lambda s, e, lo, hi: lo >= e,
    "_eb": lambda s, e, lo, hi: hi <= s,
    "_ap": lambda s, e, lo, hi: lo < e + (e - s) and hi > s - (e - s),
}


@given(st.sampled_from(sorted(ORACLE)), *[st.tuples(st.integers(0, 12), st.integers(1, 6))] * 2)
def test_each_prefix_is_what_the_standard_says(name, asked, stored):
    start, end = asked[0], sum(asked)
    low, high = stored[0], sum(stored)
    condition = Element("x.date", (getattr(date, name)(start, end),), single=True)
    document = {"x": {"date": {"lo": low, "hi": high}}}
    assert matches(condition, document) is ORACLE[name](start, end, low, high)


@pytest.mark.parametrize(
    ("stored", "value", "expected"),
    [
        ("2026-11-22", "2026-11-22", True),
        ("2026-11-22", "eq2026-11", True),
        ("2026-11", "2026-11-22", False),
        ("2026-11", "ne2026-11-22", True),
        ("2026-11-22T23:30:00+07:00", "2026-11-22", True),
        ("2026-11-22T23:30:00Z", "2026-11-23", True),
        ("2026-11-22", "gt2026-11-21", True),
        ("2026-11-22", "gt2026-11-22", False),
        ("2026-11", "gt2026-11-22", True),
        ("2026-11-22", "ge2026-11-22", True),
        ("2026-11-22", "lt2026-11-23", True),
        ("2026-11-22", "le2026-11-22", True),
        ("2026-11-22", "sa2026-11-22", False),
        ("2026-11-22", "sa2026-11-21", True),
        ("2026-11-22", "eb2026-11-23", True),
        ("2026-11-22", "ap2026-11-23", True),
        ("2026-11-22", "ap2026-11-24", False),
        ("2026-11-22", "2020,2026", True),
    ],
)
def test_a_date_is_compared_as_a_range(search, stored, value, expected):
    resource = {"resourceType": "Observation", "effectiveDateTime": stored}
    assert search.found(resource, ("date", value)) is expected


def test_repeated_parameters_both_hold(search):
    resource = {"resourceType": "Observation", "effectiveDateTime": "2026-11-22"}
    assert search.found(resource, ("date", "ge2026"), ("date", "lt2027"))
    assert not search.found(resource, ("date", "ge2026"), ("date", "lt2026-11-22"))


@pytest.mark.parametrize(
    ("period", "value", "expected"),
    [
        ({"start": "2026-11-01"}, "gt2030", True),
        ({"start": "2026-11-01"}, "2026-11", False),
        ({"end": "2026-11-30"}, "lt2000", True),
        ({"start": "2026-11-01", "end": "2026-11-30"}, "2026-11", True),
        ({"start": "2026-11-01", "end": "2026-12-01"}, "2026-11", False),
        ({"start": "2026-11-01", "end": "2026-12-01"}, "sa2026-10", True),
    ],
)
def test_a_period_is_open_where_it_has_no_end(search, period, value, expected):
    assert search.found({"resourceType": "Encounter", "period": period}, ("date", value)) is (
        expected
    )


def test_an_open_period_has_the_widest_bounds(search):
    resource = {"resourceType": "Encounter", "period": {"end": "2026"}}
    assert search.document(resource)["x"]["date"]["lo"] == FOREVER_AGO
    resource = {"resourceType": "Encounter", "period": {"start": "2026"}}
    assert search.document(resource)["x"]["date"]["hi"] == FOR_EVER


def test_a_timing_counts_from_its_first_to_its_last_event(search):
    timing = {"event": ["2026-11-22", "2026-11-20"], "repeat": {"frequency": 2}}
    resource = {"resourceType": "ServiceRequest", "occurrenceTiming": timing}
    assert search.found(resource, ("occurrence", "2026-11"))
    assert search.found(resource, ("occurrence", "ge2026-11-20"), ("occurrence", "le2026-11-22"))
    assert not search.found(resource, ("occurrence", "2026-11-22"))


def test_of_several_dates_one_has_to_match_alone(search):
    events = [{"period": {"start": day, "end": day}} for day in ("2026-11-01", "2026-11-05")]
    resource = {
        "resourceType": "Encounter",
        "location": [{"location": {"reference": "Location/1"}, **event} for event in events],
    }
    assert search.found(resource, ("location-period", "2026-11-05"))
    assert not search.found(resource, ("location-period", "2026-11-03"))


@pytest.mark.parametrize("odd", ["2026-02-30", "yesterday", {"start": "2026", "end": "2025"}, {}])
def test_what_is_no_date_is_not_indexed(search, odd):
    name = "effectiveDateTime" if isinstance(odd, str) else "effectivePeriod"
    resource = {"resourceType": "Observation", name: odd, "status": "final"}
    assert search.found(resource, ("date:missing", "true"), ("status", "final"))


@pytest.mark.parametrize("value", ["xx2026", "2026-02-30", "ge", "22/11/2026", "gt2026-11-22T25"])
def test_what_is_no_date_is_refused(search, value):
    with pytest.raises(Invalid):
        search.ask("Observation", ("date", value))
