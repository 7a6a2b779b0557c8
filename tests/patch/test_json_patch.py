"""JSON Patch: RFC 6902 on resources, with FHIR's numbers, and bounded."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.patch import json_patch
from fhir_server.patch.json_patch import same
from fhir_server.patch.tree import MAX_OPERATIONS


def patched(document, *operations):
    return json_patch.run(json_patch.read(list(operations)), document)


def op(name, path, **more):
    return {"op": name, "path": path, **more}


def test_all_operations_run_in_order():
    found = patched(
        {"a": 1, "b": [1, 2]},
        op("test", "/a", value=1),
        op("add", "/b/-", value=3),
        op("replace", "/a", value={"c": 0}),
        op("copy", "/d", **{"from": "/b"}),
        op("move", "/a/e", **{"from": "/b/0"}),
        op("remove", "/a/c"),
    )
    assert found == {"a": {"e": 1}, "b": [2, 3], "d": [1, 2, 3]}


def test_a_copy_is_a_value_of_its_own():
    found = patched({"a": [1]}, op("copy", "/b", **{"from": "/a"}), op("add", "/b/0", value=0))
    assert found == {"a": [1], "b": [0, 1]}


def test_a_decimal_keeps_its_digits():
    document = json.parse(b'{"value":1.50}')
    patch = json.parse(
        b'[{"op":"copy","from":"/value","path":"/a"},{"op":"add","path":"/b","value":2.00}]'
    )
    found = json_patch.run(json_patch.read(patch), document)
    assert json.dump(found) == b'{"value":1.50,"a":1.50,"b":2.00}'


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (b"1", b"1.0", True),
        (b"1.50", b"15e-1", True),
        (b"1.5", b"1.6", False),
        (b"true", b"1", False),
        (b"0", b"false", False),
        (b"[1, true]", b"[true, 1]", False),
        (b'"1"', b"1", False),
        (b'{"a": [1.0], "b": null}', b'{"b": null, "a": [1]}', True),
        (b"[1]", b"[1, 2]", False),
        (b"1e99999999999999999999", b"1e99999999999999999999", True),
        (b"1e99999999999999999999", b"1", False),
    ],
)
def test_equal_is_what_the_standard_calls_equal(left, right, equal):
    assert same(json.parse(left), json.parse(right)) is equal


@pytest.mark.parametrize(
    ("patch", "where"),
    [
        ({}, ""),
        ([1], "[0]"),
        ([{"path": "/a"}], "[0].op"),
        ([op("test", "/a", value=1), op("merge", "/a")], "[1].op"),
        ([op(["add"], "/a")], "[0].op"),
        ([{"op": "remove"}], "[0].path"),
        ([op("remove", None)], "[0].path"),
        ([op("remove", "a")], "[0].path"),
        ([op("add", "/a")], "[0].value"),
        ([op("move", "/a")], "[0].from"),
        ([op("copy", "/a", **{"from": "b"})], "[0].from"),
        ([op("move", "/a/b", **{"from": "/a"})], "[0].path"),
        ([op("move", "/a", **{"from": ""})], "[0].path"),
    ],
)
def test_what_is_no_patch_is_refused_with_its_place(patch, where):
    with pytest.raises(Invalid) as refused:
        json_patch.read(patch)
    assert refused.value.issues[0].expression == where


@pytest.mark.parametrize(
    "operation",
    [
        op("remove", "/x"),
        op("remove", ""),
        op("replace", "/x", value=1),
        op("add", "/x/y", value=1),
        op("add", "/b/3", value=1),
        op("add", "/a/b", value=1),
        op("test", "/a", value=2),
        op("test", "/x", value=None),
        op("move", "/c", **{"from": "/x"}),
        op("copy", "/b/01", **{"from": "/a"}),
    ],
)
def test_what_does_not_fit_names_the_operation(operation):
    with pytest.raises(Unprocessable) as refused:
        patched({"a": 1, "b": [1, 2]}, op("test", "/a", value=1), operation)
    (issue,) = refused.value.issues
    assert issue.expression == "[1]"
    assert operation["op"] in issue.diagnostics


def test_the_document_is_left_as_it_was_where_an_operation_fails():
    document = {"a": {"b": [1]}}
    with pytest.raises(Unprocessable):
        patched(document, op("add", "/a/b/-", value=2), op("test", "/a", value=0))
    assert document == {"a": {"b": [1]}}


def test_a_patch_has_a_bounded_number_of_operations():
    with pytest.raises(Invalid) as refused:
        json_patch.read([op("test", "", value=1)] * (MAX_OPERATIONS + 1))
    assert refused.value.issues[0].code == "too-costly"


def test_copies_of_copies_are_stopped():
    bomb = [op("copy", "/a/-", **{"from": "/a"})] * 100
    with pytest.raises(Unprocessable) as refused:
        patched({"a": ["x" * 100]}, *bomb)
    assert refused.value.issues[0].code == "too-costly"


def test_copies_of_a_long_text_are_stopped():
    bomb = [op("copy", f"/b{place}", **{"from": "/a"}) for place in range(100)]
    with pytest.raises(Unprocessable) as refused:
        patched({"a": "x" * 1_000_000}, *bomb)
    assert refused.value.issues[0].code == "too-costly"


def test_nesting_is_bounded():
    operation = op("add", "/a", value={})
    deeper = [op("add", "/a" * depth, value={}) for depth in range(2, 70)]
    with pytest.raises(Unprocessable) as refused:
        patched({}, operation, *deeper)
    assert "[63]" in str(refused.value)
    assert refused.value.issues[0].code == "too-costly"
