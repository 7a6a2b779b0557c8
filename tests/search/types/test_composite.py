"""Composite parameters: pairs of one element, of any types."""

import pytest
from msgspec import Raw

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import And, AnyOf

LOINC = "http://loinc.org"


def coded(code, **value):
    return {"code": {"coding": [{"system": LOINC, "code": code}]}, **value}


def pressure():
    return {
        "resourceType": "Observation",
        **coded("85354-9", valueQuantity={"value": 93, "unit": "mm[Hg]"}),
        "component": [
            coded("8480-6", valueQuantity={"value": 107, "unit": "mm[Hg]"}),
            coded("8462-4", valueQuantity={"value": Raw(b"60.0"), "unit": "mm[Hg]"}),
        ],
    }


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("component-code-value-quantity", f"{LOINC}|8480-6$107", True),
        ("component-code-value-quantity", "8480-6$gt100||mm[Hg]", True),
        ("component-code-value-quantity", "8480-6$60", False),
        ("component-code-value-quantity", "8462-4$lt61", True),
        ("component-code-value-quantity", "85354-9$93", False),
        ("component-code-value-quantity", "x$1,8462-4$60", True),
        ("component-code-value-quantity", f"{LOINC}|$107", True),
        ("combo-code-value-quantity", "85354-9$93", True),
        ("combo-code-value-quantity", "8480-6$107", True),
        ("combo-code-value-quantity", "85354-9$107", False),
        ("combo-code-value-quantity", "8480-6$ne107", False),
        ("code-value-quantity", "85354-9$93||mm[Hg]", True),
        ("code-value-quantity", "85354-9$93||kPa", False),
        ("code-value-quantity", "8480-6$107", False),
    ],
)
def test_code_and_quantity_are_of_one_element(search, name, value, expected):
    assert search.found(pressure(), (name, value)) is expected


@pytest.mark.parametrize(
    ("value", "name", "right", "wrong"),
    [
        ({"valueString": "Âm tính"}, "code-value-string", "1$am t", "1$duong"),
        ({"valueDateTime": "2026-11-22"}, "code-value-date", "1$ge2026-11", "1$lt2026-11"),
        ({"valueDateTime": "2026-11-22"}, "code-value-date", "1$2026", "2$2026"),
        (
            {"valueCodeableConcept": {"coding": [{"system": "http://a", "code": "x"}]}},
            "code-value-concept",
            "1$http://a|x",
            "1$http://b|x",
        ),
    ],
)
def test_a_code_goes_with_values_of_every_type(search, value, name, right, wrong):
    resource = {"resourceType": "Observation", **coded("1", **value)}
    assert search.found(resource, (name, right))
    assert not search.found(resource, (name, wrong))


def test_a_reference_goes_with_a_token(search):
    related = [
        {"code": "replaces", "target": {"reference": "DocumentReference/1"}},
        {"code": "signs", "target": {"reference": "DocumentReference/2"}},
    ]
    resource = {"resourceType": "DocumentReference", "relatesTo": related}
    assert search.found(resource, ("relationship", "DocumentReference/1$replaces"))
    assert search.found(resource, ("relationship", "2$signs"))
    assert not search.found(resource, ("relationship", "DocumentReference/1$signs"))


def test_three_parts_and_one_of_them_elsewhere_in_the_resource(search):
    resource = {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": {"coding": [{"code": "1"}]}},
        "variant": [{"start": 123, "end": 345}, {"start": 500, "end": 600}],
    }
    name = "chromosome-variant-coordinate"
    assert search.found(resource, (name, "1$gt100$lt400"))
    assert not search.found(resource, (name, "2$gt100$lt400"))
    assert not search.found(resource, (name, "1$123$600"))


def test_a_characteristic_is_a_pair_of_tokens(search):
    def characteristic(code, flag):
        return {"code": {"coding": [{"code": code}]}, "valueBoolean": flag}

    resource = {
        "resourceType": "Group",
        "characteristic": [characteristic("a", True), characteristic("b", False)],
    }
    assert search.found(resource, ("characteristic-value", "a$true"))
    assert not search.found(resource, ("characteristic-value", "a$false"))


def test_a_dollar_sign_may_belong_to_a_value(search):
    resource = {"resourceType": "Observation", **coded("1$2", valueString="x")}
    assert search.found(resource, ("code-value-string", r"1\$2$x"))


def test_a_pair_is_missing_where_a_part_is(search):
    bare = {"resourceType": "Observation", **coded("1")}
    assert search.found(bare, ("code-value-quantity:missing", "true"))
    assert search.found(pressure(), ("code-value-quantity:missing", "false"))


def test_only_what_is_asked_for_is_indexed(search):
    resource = {"resourceType": "Observation", **coded("1", valueString="A b")}
    assert search.document(resource)["x"]["code-value-string"] == [
        {"a": [f"{LOINC}|1", "*|1"], "b": ["a b"]}
    ]


@pytest.mark.parametrize("value", ["1", "1$", "$1", "1$2$3", "1$x", "|$5"])
def test_what_is_no_pair_is_refused(search, value):
    with pytest.raises(Invalid, match="code-value-quantity: "):
        search.ask("Observation", ("code-value-quantity", value))


def test_pairs_have_no_order(search):
    with pytest.raises(Invalid, match="parameters of type composite have no order"):
        search.ask("Observation", ("_sort", "code-value-quantity"))


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("code-value-quantity", AnyOf("x.code", (f"{LOINC}|1",))),
        ("component-code-value-quantity", AnyOf("x.component-code", (f"{LOINC}|1",))),
        ("combo-code-value-quantity", None),
    ],
)
def test_a_token_is_asked_of_the_parameter_an_index_stands_over(search, name, served):
    condition = search.ask("Observation", (name, f"{LOINC}|1$5")).condition
    parts = condition.parts if isinstance(condition, And) else (condition,)
    assert [part for part in parts if isinstance(part, AnyOf)] == ([served] if served else [])
