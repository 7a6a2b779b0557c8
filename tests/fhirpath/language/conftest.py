"""A patient, an observation, and what an expression gives on them, as text."""

from datetime import datetime, timedelta, timezone
from functools import cache

import pytest

from fhir_server.fhir import json as fhir_json
from fhir_server.fhirpath.language import Environment, compile_expression
from fhir_server.fhirpath.language.conversion import to_string
from fhir_server.fhirpath.language.values import kind_of, value_of
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.spec import load
from fhir_server.terminology.ucum import canonical

PATIENT = fhir_json.parse_object(
    """{"resourceType": "Patient", "id": "p1", "active": true,
    "identifier": [{"system": "https://example.org/ids", "value": "99001"}],
    "name": [{"use": "official", "family": "Trần", "given": ["An", "Bình"]},
             {"use": "usual", "given": ["Chi"]}],
    "gender": "female", "birthDate": "1980-02-29",
    "_birthDate": {"id": "b1", "extension": [{"url": "https://example.org/time",
      "valueDateTime": "1980-02-29T08:30:00+07:00"}]},
    "telecom": [{"value": "1"}, {"rank": 2, "_value": {"extension": [
      {"url": "https://example.org/why", "valueCode": "masked"}]}}],
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "o1", "name": "Khoa"}],
    "managingOrganization": {"reference": "#o1"},
    "generalPractitioner": [{"reference": "Practitioner/d1"}],
    "contact": [{"gender": "male", "name": {"family": "Lê"}}]}""".encode()
)
OBSERVATION = fhir_json.parse_object(
    b"""{"resourceType": "Observation", "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "valueQuantity": {"value": 65.50, "unit": "kg", "system": "http://unitsofmeasure.org",
      "code": "kg"},
    "effectiveDateTime": "2026-11-28T09:15:00+07:00"}"""
)
NOW = datetime(2026, 11, 28, 9, 30, 0, 250_000, tzinfo=timezone(timedelta(hours=7)))
PRACTITIONER = ("Practitioner", {"resourceType": "Practitioner", "id": "d1"}, None)


def item(resource):
    return (resource["resourceType"], resource, None)


def environment(resource, **known):
    focus = item(resource)
    answers = {
        "resource": focus,
        "root": focus,
        "units": canonical,
        "now": NOW,
        "resolve": {"Practitioner/d1": PRACTITIONER}.get,
    }
    return Environment(**{**answers, **known})


def shown(found):
    value = value_of(found)
    return found[0] if value is None else to_string(value, kind_of(found))


@cache
def definitions():
    return load().structures


@pytest.fixture(scope="session")
def model():
    return definitions()


@pytest.fixture
def says(model):
    """Give what an expression yields, as text: `a, b`; `error` if it is refused."""

    def says(text, resource=PATIENT, **known):
        try:
            expression = compile_expression(model, text)
            found = expression.evaluate(item(resource), environment(resource, **known))
        except FhirPathError:
            return "error"
        return ", ".join(map(shown, found))

    return says
