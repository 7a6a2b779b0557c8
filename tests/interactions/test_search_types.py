"""Every parameter type and its modifiers end to end, with real units and real value sets."""

import pytest

from tests.client import health

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
STATUS = "http://hl7.org/fhir/observation-status"


def observation(id_, value, unit, **more):
    code = {"coding": [{"system": LOINC, "code": "718-7", "display": "Hemoglobin in blood"}]}
    quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "code": code,
        "valueQuantity": quantity,
        **more,
    }


def location(id_, **more):
    return {"resourceType": "Location", "id": id_, "status": "active", **more}


RESOURCES = [
    observation("gram", 135, "g/L"),
    observation("deci", 13.5, "g/dL", status="amended"),
    observation("low", 9, "g/dL"),
    {"resourceType": "RiskAssessment", "id": "r", "status": "final", "subject": {"display": "x"}}
    | {"prediction": [{"probabilityDecimal": 0.25}]},
    location("hanoi", position={"latitude": 21.0285, "longitude": 105.8542}),
    location("ward", name="Khoa Nội", partOf={"reference": "Location/hanoi"}),
    {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "finished",
        "class": {"code": "AMB"},
        "location": [{"location": {"reference": "Location/ward"}}],
    },
    {"resourceType": "ValueSet", "id": "vs", "status": "draft", "url": "http://example.org/vs/a"},
]

SEARCHES = [
    (f"Observation?value-quantity=135|{UCUM}|g/L", ["deci", "gram"]),
    (f"Observation?value-quantity=lt100|{UCUM}|g/L", ["low"]),
    ("Observation?value-quantity=135", ["gram"]),
    ("Observation?value-quantity=13.5||g/dL", ["deci"]),
    (f"Observation?code-value-quantity={LOINC}|718-7$gt100|{UCUM}|g/L", ["deci", "gram"]),
    ("Observation?code-value-quantity=718-7$lt10", ["low"]),
    ("Observation?code:text=hemo", ["deci", "gram", "low"]),
    ("Observation?code:text=blood", ["deci", "gram", "low"]),
    ("Observation?code:text=globin", []),
    (f"Observation?status={STATUS}|amended", ["deci"]),
    ("Observation?status:in=http://hl7.org/fhir/ValueSet/observation-status", [
        "deci", "gram", "low",
    ]),
    ("Observation?status:below=amended", ["deci"]),
    ("Observation?_sort=value-quantity&value-quantity:missing=false", ["deci", "gram", "low"]),
    ("RiskAssessment?probability=0.25", ["r"]),
    ("RiskAssessment?probability=gt0.25", []),
    ("Location?near=21|105.9|6|km", ["hanoi"]),
    ("Location?near=21|105.9|5|km", []),
    ("Location?name:contains=oa no", ["ward"]),
    ("Encounter?location:below=hanoi", ["visit"]),
    ("Encounter?location:above=hanoi", []),
    ("Location?partof:below=Location/hanoi", ["ward"]),
    ("ValueSet?url:below=http://example.org/vs", ["vs"]),
    ("ValueSet?url:above=http://example.org/vs/a/b", ["vs"]),
    ("ValueSet?_sort=-url&url=http://example.org/vs/a", ["vs"]),
]  # fmt: skip


@pytest.fixture
async def fhir(store, spec):
    async with health(store, spec) as client:
        for resource in RESOURCES:
            path = f"{resource['resourceType']}/{resource['id']}"
            answer = await client.put(path, resource)
            assert answer.status_code == 201, answer.text
        yield client


async def test_every_type_and_modifier_finds_what_it_asks_for(fhir):
    for query, expected in SEARCHES:
        answer = await fhir.get(query)
        assert answer.status_code == 200, (query, answer.text)
        found = [entry["resource"]["id"] for entry in answer.json().get("entry", [])]
        assert sorted(found) == expected, query


@pytest.mark.parametrize(
    "query",
    [
        "Observation?value-quantity=1|mg",
        "Observation?value-quantity=1e99999",
        "Observation?code-value-quantity=1",
        "Observation?code:below=718-7",
        "Observation?status:text=x",
        "Location?near=x",
        "Encounter?location:below=Patient/1",
        "Observation?patient:below=1",
        "ValueSet?url:contains=x",
        "Observation?code:in=http://example.org/nothing",
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_reason(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 400, query
    assert answer.json()["issue"][0]["diagnostics"]
