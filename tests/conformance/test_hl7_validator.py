"""HL7's public cases for validators: this server and the Java validator agree, but for a list.

Skipped unless `FHIR_TEST_CASES` names a checkout of FHIR/fhir-test-cases.
"""

import pytest

from tests.conformance.hl7_validator.agreement import listed, run
from tests.conformance.hl7_validator.cases import VARIABLE, folder
from tests.conformance.hl7_validator.page import PAGE, page

GOAL = 0.97

pytestmark = pytest.mark.skipif(
    folder() is None, reason=f"{VARIABLE} names no checkout of FHIR/fhir-test-cases"
)


@pytest.fixture(scope="module")
def ran(spec):
    return run(spec, folder())


@pytest.fixture(scope="module")
def outcomes(ran):
    return ran[0]


def test_every_disagreement_is_listed_with_its_reason(outcomes):
    assert {one.case.name for one in outcomes if not one.agreed} == set(listed())
    assert all(listed().values())


def test_the_validators_agree_in_97_of_100_cases(outcomes):
    assert sum(one.agreed for one in outcomes) >= GOAL * len(outcomes)


def test_the_page_says_what_a_run_gives(ran):
    assert PAGE.read_text() == page(*ran)
