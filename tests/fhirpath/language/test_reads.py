"""What an expression reads: leaving out other children never changes what it gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhirpath.language import compile_expression
from tests.fhirpath.language.conftest import PATIENT, definitions, environment, item, shown
from tests.fhirpath.language.test_language import ROWS

EXPRESSIONS = sorted({expression for _, expression, expected in ROWS if expected != "error"})


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name.exists() or telecom.exists()", {"name", "telecom"}),
        ("Patient.name.given", {"name"}),
        ("exists(name.given = 'a' and active)", {"name", "active"}),
        ("where(gender = 'a').name", {"gender", "name"}),
        ("name.where(use = 'a' and $this.family = %context.id)", {"name", "id"}),
        ("iif(active, name, telecom)", {"active", "name", "telecom"}),
        ("value is Quantity", {"value"}),
        ("extension('a').exists()", {"extension"}),
        ("$this is Patient", set()),
        ("true", set()),
        ("$this", None),
        ("children().exists()", None),
        ("name.resolve()", None),
        ("%resource.name", None),
        ("hasValue()", None),
        ("$this = 'a'", None),
        ("name.select(%rootResource)", None),
        ("memberOf('a')", None),
    ],
)
def test_the_children_it_depends_on_are_named(model, expression, expected):
    found = compile_expression(model, expression).reads
    assert found == (None if expected is None else frozenset(expected))


@settings(max_examples=400, deadline=None)
@given(expression=st.sampled_from(EXPRESSIONS), kept=st.sets(st.sampled_from(sorted(PATIENT))))
def test_other_children_change_nothing(expression, kept):
    compiled = compile_expression(definitions(), expression)
    if compiled.reads is None:
        return
    needed = {
        member.key for name in compiled.reads for member in definitions().members("Patient", name)
    }
    keys = {"resourceType"} | kept | needed | {f"_{key}" for key in needed}
    less = {key: value for key, value in PATIENT.items() if key in keys}
    assert shown_by(compiled, less) == shown_by(compiled, PATIENT)


def shown_by(compiled, resource):
    found = compiled.evaluate(item(resource), environment(PATIENT))
    return [shown(one) for one in found]
