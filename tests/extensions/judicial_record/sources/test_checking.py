"""Whatever stands in a row, it is kept or refused: nothing in it raises."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.judicial_record.sources.checking import normal, problems
from extensions.judicial_record.sources.courts import shipped
from extensions.judicial_record.sources.problems import REASONS
from fhir_server.fhir import json
from tests.extensions.judicial_record.sources.told import (
    JUDGMENT,
    PAPER,
    PROHIBITION,
    TODAY,
    coded,
    document,
)

GIVEN = settings(max_examples=120, derandomize=True, deadline=None)
ODD = (None, True, -1, 10**30, "", "2019", "0000-00-00", "a\ud800", [], {}, [[]], [{}], [None],
       {"coding": {}}, {"coding": [None]}, {"coding": [{"code": []}]}, {"$gt": ""})  # fmt: skip
TEXT = st.text("a0-/$. ạ\x00", max_size=8)
VALUES = st.one_of(st.sampled_from(ODD), TEXT, st.dates().map(str))
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def found(told):
    return problems(normal(copy.deepcopy(told)), shipped(), TODAY)


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for step, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(one, (*path, step))


def put(told, path, value):
    told = copy.deepcopy(told)
    here = told
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = value
    return told


FULL = put(
    put(JUDGMENT, ("conviction", "executionDecision"), [PAPER["paper"]]),
    ("conviction", "additionalPenalty"),
    [{"type": coded("additional-penalty", "fine"), "amount": {"value": 3, "currency": "VND"}}],
)


@GIVEN
@given(st.sampled_from((FULL, PAPER, PROHIBITION)), st.data())
def test_any_value_in_any_place_is_kept_or_refused_with_a_reason(row, data):
    path = data.draw(st.sampled_from([one for one in places(row) if one]))
    told = put(row, path, data.draw(JSON))
    for one in found(told):
        assert one.reason in REASONS
        assert len(one.where) < 400


@GIVEN
@given(st.dictionaries(st.sampled_from(["kind", "subject", "conviction", "paper"]), JSON))
def test_any_object_is_kept_or_refused(told):
    assert found(told)


def test_rows_that_are_well_made_have_no_problem():
    for row in (FULL, PAPER, PROHIBITION):
        assert not found(row)


def test_a_number_of_digits_alone_is_no_date():
    told = put(JUDGMENT, ("conviction", "judgmentNumber"), "2027")
    assert not found(told)


def test_a_number_has_to_be_made_like_one_of_its_paper():
    for kind, good, bad in (("cmnd", "990000001", "99000000"), ("passport", "b1234567", "B-1")):
        papers = ("subject", "identityDocument")
        assert not found(put(JUDGMENT, papers, [document(good, kind)]))
        (problem,) = found(put(JUDGMENT, papers, [document(bad, kind)]))
        assert problem.reason == "wrong-number"


def test_decimals_are_refused_because_what_is_signed_has_none():
    row = json.parse_object(json.dump(FULL).replace(b'"value":24', b'"value":24.0'))
    assert [one.reason for one in found(row)] == ["wrong-type"]
