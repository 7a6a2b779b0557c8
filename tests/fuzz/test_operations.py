"""Odd Parameters for every operation of the table, wherever it is offered."""

from random import Random

import pytest
from msgspec import Raw

from fhir_server.fhir import json
from fhir_server.main import plugins
from fhir_server.operations import OPERATIONS
from fhir_server.settings import Settings
from tests.fuzz.answers import assert_fhir
from tests.fuzz.mutants import DATES, IDS, KEYS, LINKS, LITERALS, TEXTS, VALUES, mutant

ALL = [*OPERATIONS, *(one for guest in plugins(Settings()) for one in guest.operations)]
PLACES = {
    "system": ["$"],
    "type": ["{type}/$"],
    "instance": ["{type}/a/$", "{type}/nobody/$", "{type}/../$"],
    "version": ["{type}/a/_history/1/$", "{type}/a/_history/x/$", "{type}/a/_history/99/$"],
}
NAMES = [
    "resource", "mode", "profile", "meta", "persist", "_since", "_type", "_count", "start", "end",
    "max",
    "source-patient", "target-patient", "result-patient", "source-patient-identifier", "preview",
    "code", "category", "patient", "subject", "from", "to", "reason", "id", "job", "document",
    "dry-run",
    "_page", "_format", "type",
]  # fmt: skip
KINDS = [
    "valueString", "valueCode", "valueUri", "valueBoolean", "valueInteger", "valueDecimal",
    "valueDate",
    "valueDateTime", "valueInstant", "valueReference", "valueIdentifier", "valueMeta",
    "valueCoding",
    "valueCodeableConcept", "valuePeriod", "valueCanonical", "valueBase64Binary", "resource",
    "part",
    "_valueString", "valueNothing",
]  # fmt: skip
IN_URLS = ["", "true", "%ff", "Patient/a", "-1", "2020"]
GOOD = {
    "valueReference": [{"reference": "Patient/a"}, {"reference": "Patient/nobody"},
                     {"display": "x"}],
    "valueMeta": [{"tag": [{"system": "http://example.org/t", "code": "a"}]}, {"security": []}],
    "valueBoolean": [True, False],
    "valueInteger": [0, 1, -1, 2**31 - 1],
    "valueCode": ["create", "update", "delete", "profile", "Patient"],
    "valueIdentifier": [{"system": "http://example.org/i", "value": "1"}, {"value": "1"}],
    "valueDate": ["2020-01-01", *DATES],
    "resource": [{"resourceType": "Patient", "id": "a"}, {"resourceType": "Parameters"}, {}],
    "part": [[{"name": "a", "valueString": "b"}], []],
}  # fmt: skip


def paths(operation):
    """Give where an operation is asked for, and is not."""
    for place in PLACES[operation.level]:
        for type_ in operation.types[:2] or ("",):
            of = "Patient" if type_ == "Resource" else type_
            yield place.format(type=of) + operation.name


PATHS = sorted({path for one in ALL for path in paths(one)})


def value(random, kind):
    if random.random() < 0.6 and kind in GOOD:
        return random.choice(GOOD[kind])
    return random.choice([*VALUES, *TEXTS[:-2], *DATES, *IDS, *LINKS])


def parameters(random, names):
    """Give a Parameters with odd parameters, or something that is none, as bytes."""
    given = []
    for _ in range(random.randrange(4)):
        kind = random.choice(KINDS)
        given.append({"name": random.choice(names), kind: value(random, kind)})
    whole = {"resourceType": "Parameters", "parameter": given}
    match random.randrange(12):
        case 0:
            whole["parameter"] = random.choice(VALUES)
        case 1:
            given.append(random.choice(VALUES))
        case 2:
            whole[random.choice(KEYS)] = random.choice(VALUES)
        case 3:
            given.append(
                {"name": random.choice(names), "valueDecimal": Raw(random.choice(LITERALS))}
            )
        case 4:
            return mutant(4, random.randrange(10_000))[1]
        case 5:
            given.append({"name": "resource", "resource": Raw(mutant(4, random.randrange(999))[1])})
    return json.dump(whole)


@pytest.fixture(scope="module")
async def filled(filled):
    """Give the client with a patient, an observation of theirs, and a document's Composition."""
    await filled.put("Patient/a", {"resourceType": "Patient", "id": "a"})
    subject = {"reference": "Patient/a"}
    code = {"coding": [{"system": "http://loinc.org", "code": "1"}]}
    for type_ in ("Observation", "Composition", "Encounter", "Basic"):
        made = {"resourceType": type_, "id": "a", "subject": subject, "code": code}
        await filled.put(f"{type_}/a", made)
    return filled


@pytest.mark.parametrize("path", PATHS)
async def test_odd_parameters_are_answered(filled, path):
    random = Random(path)
    names = [*NAMES, *random.sample(KEYS, 3)]
    for _ in range(25):
        body = parameters(random, names)
        query = "&".join(
            f"{random.choice(NAMES)}={random.choice(IN_URLS)}" for _ in range(random.randrange(3))
        )
        verb = random.choice(["POST", "POST", "GET", "PUT", "DELETE"])
        kind = random.choice(["fhir+json", "fhir+json", "fhir+xml", "xml", "octet-stream", "json"])
        headers = {"Content-Type": f"application/{kind}"}
        url = f"http://test.invalid/fhir/{path}?{query}"
        answer = await filled.http.request(verb, url, content=body, headers=headers)
        try:
            assert_fhir(answer, filled.context.spec.structures)
        except AssertionError as failure:
            pytest.fail(f"{verb} {url} {headers} {body[:2000]}: {failure}")
