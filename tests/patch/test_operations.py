"""The operations of a FHIRPath Patch, read: what is none is refused with its place."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.patch.operations import read
from fhir_server.patch.tree import MAX_OPERATIONS
from tests.patch.written import operation

ADD = operation("add", "Patient", name="active", value={"valueBoolean": True})


def without(given, name):
    return {**given, "part": [part for part in given["part"] if part["name"] != name]}


def with_part(given, *parts):
    return {**given, "part": [*given["part"], *parts]}


def test_an_operation_is_read(spec):
    parameters = {"resourceType": "Parameters", "parameter": [ADD]}
    (found,) = read(spec.structures, parameters)
    assert (found.type, found.name, found.value.plain) == ("add", "active", True)
    assert found.where == "Parameters.parameter[0]"


def test_parameters_without_any_do_nothing(spec):
    assert read(spec.structures, {"resourceType": "Parameters"}) == []


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (3, ""),
        ({**ADD, "name": "patch"}, ""),
        ({"name": "operation"}, ""),
        ({"name": "operation", "part": "x"}, ""),
        (without(ADD, "type"), ""),
        (without(ADD, "path"), ""),
        (without(ADD, "name"), ""),
        (without(ADD, "value"), ""),
        (operation("merge", "Patient"), ""),
        (with_part(ADD, {"name": "index", "valueInteger": 1}), ""),
        (operation("insert", "Patient.name", value={"valueHumanName": {}}), ""),
        (operation("move", "Patient.name", source=1), ""),
        (operation("delete", "Patient.name.resolve()"), ""),
        (operation("delete", "Patient..name"), ""),
        (with_part(ADD, 3), ".part[4]"),
        (with_part(ADD, {"name": ["x"]}), ".part[4]"),
        (with_part(ADD, {"name": "pathway", "valueString": "x"}), ".part[4]"),
        (with_part(ADD, {"name": "path", "valueString": "Patient"}), ".part[4]"),
        (with_part(ADD, {"name": "index", "valueString": "1"}), ".part[4]"),
        (with_part(ADD, {"name": "index", "valueInteger": True}), ".part[4]"),
        (operation("delete", 3), ".part[1]"),
    ],
)
def test_what_is_no_operation_is_refused_with_its_place(spec, given, where):
    with pytest.raises(Invalid) as refused:
        read(spec.structures, {"resourceType": "Parameters", "parameter": [ADD, given]})
    assert refused.value.issues[0].expression == f"Parameters.parameter[1]{where}"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"valueString": "a", "valueCode": "b"},
        {"valueString": None},
        {"valueString": ["a"]},
        {"valueString": {"a": 1}},
        {"_valueString": ["a"]},
        {"valueHumanName": "a"},
        {"valueHumanName": [{}]},
        {"valueHumanName": {}, "_valueHumanName": {}},
        {"valueNarrative": {}},
        {"part": []},
        {"part": {}},
        {"part": ["a"]},
        {"part": [{"name": 3, "valueCode": "a"}]},
        {"part": [{"name": "a"}]},
        {"resource": "a"},
        {"resourceType": "a"},
    ],
)
def test_what_is_no_value_is_refused_with_its_place(spec, value):
    given = operation("add", "Patient", name="name", value=value)
    with pytest.raises(Invalid) as refused:
        read(spec.structures, {"resourceType": "Parameters", "parameter": [given]})
    assert refused.value.issues[0].expression == "Parameters.parameter[0].part[3]"


@pytest.mark.parametrize("parameters", [{}, {"resourceType": "Patient"}])
def test_another_resource_is_no_patch(spec, parameters):
    with pytest.raises(Invalid):
        read(spec.structures, parameters)


@pytest.mark.parametrize("given", ["a", {"name": "operation"}, [ADD] * (MAX_OPERATIONS + 1)])
def test_the_operations_are_an_array_that_is_bounded(spec, given):
    with pytest.raises(Invalid) as refused:
        read(spec.structures, {"resourceType": "Parameters", "parameter": given})
    assert refused.value.issues[0].expression == "Parameters.parameter"
