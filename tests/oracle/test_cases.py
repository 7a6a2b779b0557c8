"""What server and oracle once differed in: each difference found is a case here, told by name."""

import pytest

from tests.client import health
from tests.oracle import agreement
from tests.oracle.elements import VALUE_SET
from tests.oracle.quantities import UCUM
from tests.oracle.queries import Query

PATIENT = {"resourceType": "Patient", "id": "1"}
# A code that is in the value set, but says not which system it is of.
SEVERE = {
    "resourceType": "Condition",
    "id": "1",
    "subject": {"reference": "Patient/1"},
    "severity": {"coding": [{"code": "A.1"}]},
}

# Less than ten: not ten itself, whatever the unit.
FEW = {
    "resourceType": "Observation",
    "id": "1",
    "status": "final",
    "code": {"text": "weight"},
    "valueQuantity": {"value": 10, "comparator": "<", "system": UCUM, "code": "g"},
}
# One names a version, the other none, of the same address.
PLANS = [
    {"resourceType": "PlanDefinition", "id": id_, "status": "draft", **more}
    for id_, more in {
        "1": {"library": ["http://example.org/d|1"]},
        "2": {"library": ["http://example.org/d"]},
        "3": {"url": "http://example.org/d", "version": "2"},
    }.items()
]
NUMBERED = {
    "resourceType": "Patient",
    "id": "1",
    "name": [{"text": " ".join(f"w{number}" for number in range(1, 20))}],
}

# Name → the resources, the type asked, the parameters, the ids found.
CASES = {
    "an id is a token without a system": ([PATIENT], "Patient", [("_id", "|1")], ["1"]),
    "an id has no system to be asked by": ([PATIENT], "Patient", [("_id", "x|1")], []),
    "a code of no system is in no value set": (
        [SEVERE],
        "Condition",
        [("severity:in", VALUE_SET)],
        [],
    ),
    "a code of no system is outside of every value set": (
        [SEVERE],
        "Condition",
        [("severity:not-in", VALUE_SET)],
        ["1"],
    ),
    "less than ten does not reach ten": (
        [FEW],
        "Observation",
        [("value-quantity", f"ge10000|{UCUM}|mg")],
        [],
    ),
    "less than ten ends before ten": (
        [FEW],
        "Observation",
        [("value-quantity", "eb10")],
        ["1"],
    ),
    "what names no version brings any along beside what names one": (
        PLANS,
        "PlanDefinition",
        [("_id", "1,2"), ("_include", "PlanDefinition:depends-on")],
        ["1", "2"],
    ),
    "a name is found from its sixteenth word on": (
        [NUMBERED],
        "Patient",
        [("name", "w16 w17")],
        ["1"],
    ),
    "a name is not found from its seventeenth word on": (
        [NUMBERED],
        "Patient",
        [("name", "w17")],
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_server_and_oracle_agree_on_a_case(name, store, spec):
    resources, type_, parameters, expected = CASES[name]
    query = Query(type_, tuple(parameters))
    async with health(store, spec, referential_integrity=False, validation="structure") as fhir:
        world = await agreement.store(fhir, resources)
        answer = await agreement.ask(fhir, query)
        assert answer == agreement.expected(world, query)
        assert [id_ for _, id_ in answer.found] == expected
