"""Server and oracle find the same resources in the same order, whatever is asked."""

import pytest

from tests.client import fresh, health
from tests.oracle import agreement
from tests.oracle.drawing import drawn
from tests.oracle.queries import queries


async def asked(mongodb_uri, spec, total, most):
    """Ask so many queries, `most` of each set of resources, each set in a database of its own."""
    tally = agreement.Tally()
    number = 0
    while tally.total < total:
        async with (
            fresh(mongodb_uri) as store,
            health(store, spec, referential_integrity=False) as fhir,
        ):
            resources = agreement.generated(number)
            await agreement.store(fhir, resources)
            world = await agreement.age(fhir, resources)
            await agreement.agree(fhir, world, drawn(queries(world), number, most), tally)
        number += 1
    print(tally)  # noqa: T201 (the long form is read by people)
    return tally


async def test_server_and_oracle_agree(mongodb_uri, spec):
    tally = await asked(mongodb_uri, spec, 200, 400)
    assert not tally.different, tally
    assert tally.filled > tally.total / 3


@pytest.mark.long
async def test_server_and_oracle_agree_on_twenty_thousand_queries(mongodb_uri, spec):
    tally = await asked(mongodb_uri, spec, 20_000, 1_000)
    assert not tally.different, tally
    assert tally.filled > tally.total / 3
