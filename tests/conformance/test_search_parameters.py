"""Every search parameter of R4 on every type is declared, finds, does not find, and is missing."""

import pytest

from tests.conformance.search_page import PAGE, page
from tests.conformance.search_trial import PACKAGE, run, types, untried
from tests.oracle.definitions import codes

pytestmark = pytest.mark.conformance
with_all_examples = pytest.mark.skipif(
    not PACKAGE.exists(), reason="the examples are not here: make conformance"
)


# What is made for one parameter has what it needs, not all that its type asks for.
VALIDATION = "structure"


@pytest.fixture(scope="module")
async def trials(fhir):
    return await run(fhir)


async def test_every_parameter_of_every_type_does_what_r4_says(trials):
    wrong = {f"{one.type}.{one.code} ({one.kind})": one.faults for one in trials if one.faults}
    assert not wrong


async def test_no_parameter_is_left_out_but_those_with_a_reason(trials):
    tried = {(one.type, one.code) for one in trials}
    assert len(tried) == len(trials) > 2_500
    for type_ in types():
        left_out = {code for code in codes(type_) if (type_, code) not in tried}
        assert left_out == untried(type_)


@pytest.mark.parametrize("code", ["age", "birthOrderBoolean"])
async def test_a_parameter_that_r4_gives_no_expression_is_refused(fhir, code):
    assert (await fhir.get(f"Patient?{code}=1")).status_code == 400


@with_all_examples
async def test_most_values_come_from_the_official_examples(trials):
    own = [one for one in trials if not one.code.startswith("_")]
    assert sum(one.by_example for one in own) > len(own) / 2


@with_all_examples
async def test_the_page_says_what_came_of_it(trials):
    assert page(trials) == PAGE.read_text(encoding="utf-8"), "make docs writes it anew"
