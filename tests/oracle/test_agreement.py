"""Server and oracle find the same resources in the same order, whatever is asked."""

import pytest

from tests.client import fresh, health
from tests.oracle import agreement
from tests.oracle.drawing import drawn
from tests.oracle.queries import queries

# Sets of resources, queries of each.
SHORT = (1, 300)
LONG = (20, 1_000)


async def asked(mongodb_uri, spec, size):
    """Ask so many queries of so many sets, each in a database of its own."""
    tally = agreement.Tally()
    for number in range(size[0]):
        async with (
            fresh(mongodb_uri) as store,
            health(store, spec, referential_integrity=False) as fhir,
        ):
            world = await agreement.store(fhir, agreement.generated(number))
            await agreement.agree(fhir, world, drawn(queries(world), number, size[1]), tally)
    print(tally)  # noqa: T201 (the long form is read by people)
    return tally


async def test_server_and_oracle_agree(mongodb_uri, spec):
    tally = await asked(mongodb_uri, spec, SHORT)
    assert not tally.different, tally
    assert tally.filled > tally.total / 2


@pytest.mark.long
async def test_server_and_oracle_agree_on_twenty_thousand_queries(mongodb_uri, spec):
    tally = await asked(mongodb_uri, spec, LONG)
    assert not tally.different, tally
    assert tally.total == 20_000
