"""What the tests of profiles/vn share: the validator with Viet Nam's definitions."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue
from fhir_server.interactions.judging import definitions as known_to
from fhir_server.main import definitions
from fhir_server.spec.spec import Spec
from fhir_server.validation.questions import Questions
from fhir_server.validation.validator import issues
from mappings.plugin import plugin
from mappings.terms.identifiers import HL7_VIETNAM

Judge: TypeAlias = Callable[[dict[str, Any]], list[Issue]]


@pytest.fixture(scope="session")
def vietnam() -> Spec:
    return definitions([plugin(HL7_VIETNAM.base)])


@pytest.fixture(scope="session")
def judge(vietnam: Spec) -> Judge:
    """Give what is wrong with a resource by all it claims to be, with nothing in store."""
    known = known_to(vietnam)
    return lambda resource: issues(known, json.parse_object(json.dump(resource)), (), Questions())
