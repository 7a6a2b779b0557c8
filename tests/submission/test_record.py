"""What is remembered of a submission, and how a resource says that it was never true."""

import pytest

from fhir_server.validation.structure import structural_issues
from mappings.decision_4750.visit import read
from mappings.mapping import Visit
from mappings.submission.record import entered_in_error
from tests.submission.conftest import EXAMPLES

FILES = sorted(EXAMPLES.glob("*/envelope.xml"))


def drafts():
    visits = [visit for file in FILES for visit in read(file.read_bytes())]
    return [draft.resource for one in visits if isinstance(one, Visit) for draft in one.drafts]


KINDS = {resource["resourceType"]: resource for resource in drafts()}


def test_the_examples_have_the_kinds_a_visit_is_made_of():
    assert KINDS.keys() >= {"Appointment", "CarePlan", "Composition", "Coverage", "Procedure"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_a_visit_can_be_entered_in_error(kind, spec):
    marked = entered_in_error(KINDS[kind])
    assert structural_issues(spec, marked) == []
    assert "entered-in-error" in str(marked.get("verificationStatus") or marked["status"])


def test_a_condition_in_error_has_no_clinical_status():
    active = {"coding": [{"code": "active"}]}
    marked = entered_in_error({"resourceType": "Condition", "clinicalStatus": active})
    assert "clinicalStatus" not in marked
    assert "status" not in marked
