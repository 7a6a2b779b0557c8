"""The patch between two resources: short, and it leads from one to the other."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json
from fhir_server.fhir.errors import Unprocessable
from fhir_server.main import definitions
from fhir_server.patch.apply import read_patch
from fhir_server.patch.diff import difference
from tests.patch.mutants import EXAMPLES, example, mutant
from tests.patch.written import operation, patient

SPEC = definitions()


def between(old, new, **more):
    return difference(SPEC.structures, old, new, **more).get("parameter", [])


def applied(old, operations):
    parameters = json.dump({"resourceType": "Parameters", "parameter": operations})
    return read_patch(SPEC, "application/fhir+json", parameters, None).apply(old)


def without_meta(file):
    return {name: value for name, value in example(file).items() if name != "meta"}


def test_equal_resources_have_no_difference():
    resource = patient(id="a", active=True)
    expected = {"resourceType": "Parameters"}
    assert difference(SPEC.structures, resource, {**resource, "id": "b"}) == expected


@pytest.mark.parametrize(
    ("old", "new", "operations"),
    [
        (
            {},
            {"birthDate": "2000"},
            [operation("add", "Patient", name="birthDate", value={"valueDate": "2000"})],
        ),
        ({"birthDate": "2000"}, {}, [operation("delete", "Patient.birthDate")]),
        (
            {"birthDate": "2000"},
            {"birthDate": "2001"},
            [operation("replace", "Patient.birthDate", value={"valueDate": "2001"})],
        ),
        (
            {"deceasedBoolean": True},
            {"deceasedDateTime": "2001"},
            [operation("replace", "Patient.deceased", value={"valueDateTime": "2001"})],
        ),
        (
            {"name": [{"family": "a"}, {"family": "b"}]},
            {"name": [{"family": "a"}, {"family": "c"}]},
            [operation("replace", "Patient.name[1].family", value={"valueString": "c"})],
        ),
        (
            {"name": [{"family": "a"}, {"family": "b"}, {"family": "c"}]},
            {"name": [{"family": "a"}, {"family": "c"}]},
            [operation("delete", "Patient.name[1]")],
        ),
        (
            {"name": [{"family": "a"}, {"family": "c"}]},
            {"name": [{"family": "a"}, {"family": "b"}, {"family": "c"}]},
            [
                operation(
                    "insert", "Patient.name", index=1, value={"valueHumanName": {"family": "b"}}
                )
            ],
        ),
        (
            {},
            {"contact": [{"gender": "male", "telecom": [{"value": "1"}, {"value": "2"}]}]},
            [
                operation(
                    "insert",
                    "Patient.contact",
                    index=0,
                    value={
                        "part": [
                            {"name": "telecom", "valueContactPoint": {"value": "1"}},
                            {"name": "telecom", "valueContactPoint": {"value": "2"}},
                            {"name": "gender", "valueCode": "male"},
                        ]
                    },
                )
            ],
        ),
    ],
)
def test_a_difference_is_told_in_as_few_operations_as_it_takes(old, new, operations):
    assert between(patient(**old), patient(**new)) == operations


def test_meta_is_passed_over_unless_it_is_asked_for():
    old = patient(meta={"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"})
    new = patient(meta={"versionId": "2", "source": "http://example.org"})
    assert between(old, new) == []
    operations = between(old, new, include_meta=True)
    assert operations == [
        operation("add", "Patient.meta", name="source", value={"valueUri": "http://example.org"})
    ]
    assert applied(old, operations)["meta"] == {**old["meta"], "source": "http://example.org"}


def test_between_two_types_there_is_no_patch():
    with pytest.raises(Unprocessable):
        between(patient(), {"resourceType": "Person"})


def test_digits_are_a_difference():
    old, new = (
        json.parse(b'{"resourceType":"Observation","valueQuantity":{"value":%b}}' % digits)
        for digits in (b"1.5", b"1.50")
    )
    assert json.dump(applied(old, between(old, new))) == json.dump(new)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_patch_makes_an_example_of_nothing_and_nothing_of_it(file):
    whole = without_meta(file)
    empty = {name: whole[name] for name in ("resourceType", "id")}
    assert applied(empty, between(empty, whole)) == whole
    assert applied(whole, between(whole, empty)) == empty


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(EXAMPLES), st.randoms(use_true_random=False))
def test_the_patch_between_mutants_leads_from_one_to_the_other(file, random):
    resource = without_meta(file)
    old, new = mutant(random, resource), mutant(random, resource)
    assert applied(old, between(old, new)) == new
