"""Support: what a profile asks to support and a resource lacks."""

import pytest

from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Definitions
from fhir_server.validation.profiles.support import support_issues
from fhir_server.validation.questions import Questions
from tests.validation.profiles.conftest import PROFILE, definition, parsed

MINE = definition(
    "Patient",
    {"path": "gender", "mustSupport": True},
    {"path": "birthDate", "mustSupport": True},
    {"path": "name.family", "mustSupport": True},
    {"path": "contact.name", "mustSupport": True},
    {
        "path": "identifier",
        "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
    },
    {"path": "identifier", "sliceName": "card", "mustSupport": True},
    {"path": "identifier.system", "min": 1, "fixedUri": "http://example.org/card"},
    {"path": "identifier.period", "mustSupport": True},
)


def found(spec, resource, url=PROFILE):
    definitions = Definitions(spec, profile={PROFILE: parsed(MINE)}.get)
    issues = support_issues(definitions, url, parsed(resource), Questions())
    assert {issue.severity for issue in issues} <= {"information"}
    return [issue.expression for issue in issues]


def test_what_is_missing_is_told_where_its_parent_is(spec):
    resource = {
        "resourceType": "Patient",
        "gender": "male",
        "name": [{"family": "x"}, {"text": "y"}],
        "identifier": [{"system": "http://example.org/card"}],
    }
    assert found(spec, resource) == [
        "Patient.identifier[0].period",
        "Patient.name[1].family",
        "Patient.birthDate",
    ]


def test_a_slice_nobody_is_in_is_missing(spec):
    resource = {"resourceType": "Patient", "identifier": [{"system": "http://example.org/other"}]}
    assert "Patient.identifier" in found(spec, resource)


def test_a_profile_that_is_not_known_is_refused(spec):
    with pytest.raises(SpecError, match="not known"):
        found(spec, {"resourceType": "Patient"}, "http://example.org/none")
