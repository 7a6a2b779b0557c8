"""What server and oracle once differed in: each difference found is a case here, told by name."""

import pytest

from tests.client import health
from tests.oracle import agreement
from tests.oracle.queries import Query

PATIENT = {"resourceType": "Patient", "id": "1"}

CASES = {
    "an id is a token without a system": ([PATIENT], "Patient", [("_id", "|1")], ["1"]),
    "an id has no system to be asked by": ([PATIENT], "Patient", [("_id", "x|1")], []),
}


@pytest.mark.parametrize("name", CASES)
async def test_server_and_oracle_agree_on_a_case(name, store, spec):
    resources, type_, parameters, expected = CASES[name]
    query = Query(type_, tuple(parameters), 1_000, frozenset())
    async with health(store, spec, referential_integrity=False) as fhir:
        world = await agreement.store(fhir, resources)
        assert (await agreement.ask(fhir, query)).ids == expected
        assert agreement.oracle.search(world, type_, parameters) == expected
