"""What the tests of profiles/vn share: the validator with Viet Nam's definitions."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Issue
from fhir_server.main import definitions
from fhir_server.spec.spec import Spec
from fhir_server.terminology.packed import Packed
from fhir_server.validation.findings import Definitions
from fhir_server.validation.profiles.claims import profile_issues, wanted_profiles
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
    """Give what is wrong with a resource by all it claims to be."""

    known = Definitions(vietnam, Packed(vietnam.canonicals).member)

    def judged(resource: dict[str, Any]) -> list[Issue]:
        parsed = json.parse_object(json.dump(resource))
        profiles = wanted_profiles(parsed, {})
        asked = Questions()
        found = issues(known, parsed, profiles, asked)
        if any(issue.severity == "error" for issue in found):
            return found
        return found + [
            one for url in profiles for one in profile_issues(known, url, parsed, asked)
        ]

    return judged
