"""Conditions written out as Python: they say what the closures say, or leave it to them."""

import itertools

import pytest

from fhir_server.fhirpath.language import Environment, compile_expression
from fhir_server.fhirpath.language.written import NotPlain, doubted, ordered
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.spec import load

MODEL = load().structures
X, Y = {"system": "x", "code": "a"}, {"system": "y", "code": "b"}
PARTS = {
    "status": (None, "final"),
    "code": (None, {"text": "t"}, {"coding": [X]}, {"coding": [Y, X]}),
    "valueQuantity": (None, {"value": 1}, {"value": 1, "code": "a", "system": "x"}),
    "valueString": (None, "abc"),
    "effectiveDateTime": (None, "2024", "2024-01-01"),
    "component": (None, [{"code": {"coding": [X]}}], [{"code": {"text": "t"}}, {"code": Y}]),
}
OBSERVATIONS = [
    {key: value for key, value in zip(PARTS, values, strict=True) if value is not None}
    for values in itertools.product(*PARTS.values())
]
EXACT = [
    "status = 'final'", "status != 'final'", "status = 'final' implies code.exists()",
    "code.coding.where(system = 'x' and code = 'a').exists() implies value.exists()",
    "value.exists() or component.exists(code.coding.exists())", "status.empty().not()",
    "value.where(code = 'a').exists() or (status = 'final' and code.empty())",
    "component.where(code.coding.where(code = 'a').empty()).count() <= 1",
    "(code.coding.count() + component.count()) > 0", "value is Quantity", "(value is string).not()",
    "value.ofType(Quantity).code = 'a'", "(value as string).exists() implies status.exists()",
    "code.coding.where(system = %ucum).empty()", "status.contains('fin')", "id.endsWith('l').not()",
    "(effective as dateTime).toString().length() >= 8",
    "(effective as dateTime).toString() > '2024'",
    "Observation.status.exists() or Observation.code.exists()", "code.nothing.exists()",
    "value.where($this is Quantity).exists()", "$this.status.startsWith('f')",
    "status.hasValue()", "status.hasValue().not() or value.exists()",
]  # fmt: skip
# A yes may be wrong.
ROUGH = [
    "status.matches('^fin') or value.exists()",
    "component.code.where(coding.intersect(%resource.code.coding).exists()).empty()",
]
LEFT = [
    "%resource.status.exists()", "code.coding = value", "code.coding.code = 'a'", "status",
    "value > 1", "status in ('a' | 'b')", "component.select(code).exists()", "status = {}",
    "effective = '2024'", "status.matches('^fin').not()", "contained.exists()",
    "Patient.id.exists()", "code.hasValue()", "value <= code",
]  # fmt: skip


def written(text, *, exact):
    names = {}

    def named(prefix, thing):
        names[name := f"{prefix}{len(names)}"] = thing
        return name

    told = doubted(MODEL, text, "Observation", "value", named, exact=exact)
    return eval(f"lambda value: bool({told})", names)


def holds(expression, observation):
    item = ("Observation", {"resourceType": "Observation", **observation}, None)
    try:
        return expression.holds(item, Environment(resource=item, root=item))
    except FhirPathError:
        return False


@pytest.mark.parametrize("text", EXACT)
def test_an_exact_one_is_true_where_the_invariant_is_broken_and_nowhere_else(text):
    broken, expression = written(text, exact=True), compile_expression(MODEL, text)
    for one in OBSERVATIONS:
        if not ("valueQuantity" in one and "valueString" in one):
            assert broken(one) is not holds(expression, one), one


@pytest.mark.parametrize("text", ROUGH)
def test_a_rough_one_is_false_only_where_the_invariant_holds(text):
    doubtful, expression = written(text, exact=False), compile_expression(MODEL, text)
    verdicts = [(doubtful(one), holds(expression, one)) for one in OBSERVATIONS]
    assert (False, False) not in verdicts
    assert (False, True) in verdicts


@pytest.mark.parametrize("text", ROUGH)
def test_what_is_rough_is_not_exact(text):
    with pytest.raises(NotPlain):
        written(text, exact=True)


@pytest.mark.parametrize("text", LEFT)
def test_the_rest_is_left_to_closures(text):
    with pytest.raises(NotPlain):
        written(text, exact=False)


def test_a_text_that_could_run_long_is_left_to_closures():
    with pytest.raises(NotPlain):
        written("status.matches('(a+)+$')", exact=False)


DATES = (
    "2024", "2023", "2024-02", "2024-02-28", "2024-03-01", "2024-02-28T23:00:00Z",
    "2024-02-28T23:59:60Z", "2024-02-29T00:00:00Z", "2024-02-28T23:00:00.5Z",
    "2024-02-28T23:00:00+07:00", "2024-02-28T22:30:00+07:00", "2024-02-28T23:00:00+06:00",
    "2024-02-28T23:00:00-07:00", "2024-02-28T16:00:00.000+07:00",
)  # fmt: skip


@pytest.mark.parametrize("start", DATES)
def test_dates_are_surely_in_order_only_where_they_are(start):
    expression = compile_expression(MODEL, "start <= end")
    told = [end for end in DATES if ordered(start, end)]
    assert start in told
    for end in told:
        item = ("Period", {"start": start, "end": end}, None)
        assert expression.holds(item, Environment(resource=item, root=item)), end
    assert not ordered(start, None)
    assert not ordered(None, start)
