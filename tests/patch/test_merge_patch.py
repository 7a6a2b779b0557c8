"""JSON Merge Patch: the cases of RFC 7396, appendix A, that are objects, and what FHIR adds."""

import copy

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.patch import merge_patch
from fhir_server.patch.apply import MERGE_PATCH, read_patch

CASES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"a": "foo"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ({"e": None}, {"a": 1}, {"a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("before", "patch", "after"), CASES)
def test_a_case_of_the_rfc(before, patch, after):
    kept = copy.deepcopy((before, patch))
    assert merge_patch.run(patch, before) == after
    assert (before, patch) == kept


@pytest.mark.parametrize("body", [b"[]", b"null", b'"a"', b"1"])
def test_a_patch_that_is_no_object_is_refused(spec, body):
    with pytest.raises(Invalid):
        read_patch(spec, MERGE_PATCH, body, None)


def test_what_it_empties_is_left_out_and_number_literals_stay(spec):
    resource = {"resourceType": "Basic", "id": "b", "extension": [{"url": "u"}], "a": {"b": 1}}
    body = b'{"extension": [], "a": {"b": null}, "decimal": 1.00}'
    patched = read_patch(spec, MERGE_PATCH, body, None).apply(resource)
    assert json.dump(patched) == b'{"resourceType":"Basic","id":"b","decimal":1.00}'


@pytest.mark.parametrize(
    "body", [b'{"id": "other"}', b'{"id": null}', b'{"resourceType": "Patient"}']
)
def test_the_id_and_the_type_stay(spec, body):
    resource = {"resourceType": "Basic", "id": "b"}
    with pytest.raises(Unprocessable):
        read_patch(spec, MERGE_PATCH, body, None).apply(resource)
