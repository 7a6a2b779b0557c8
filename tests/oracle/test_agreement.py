"""Server and oracle find the same resources in the same order, whatever is asked."""

import pytest

from tests.client import fresh, health
from tests.oracle import agreement
from tests.oracle.drawing import drawn
from tests.oracle.queries import Query, queries
from tests.oracle.resources import TYPES


async def asked(mongodb_uri, spec, total, most):
    """Ask so many queries, `most` of each set of resources, each set in a database of its own."""
    tally = agreement.Tally()
    number = 0
    while tally.total < total:
        async with (
            fresh(mongodb_uri) as store,
            health(store, spec, referential_integrity=False, validation="structure") as fhir,
        ):
            resources = agreement.generated(number)
            await agreement.store(fhir, resources)
            world = await agreement.age(fhir, resources)
            await agreement.agree(fhir, world, drawn(queries(world), number, most), tally)
        number += 1
    print(tally)  # noqa: T201 (the long form is read by people)
    return tally


async def test_a_difference_is_told_by_its_smallest_question(store, spec):
    born = [{"resourceType": "Patient", "id": id_, "birthDate": f"199{id_}"} for id_ in "123"]
    parameters = (("birthdate", "1991,1992"), ("active:missing", "true"))
    query = Query("Patient", parameters, count=1, counted=True)
    tally = agreement.Tally()
    async with health(store, spec, referential_integrity=False, validation="structure") as fhir:
        world = await agreement.store(fhir, born)
        await agreement.agree(fhir, world, [query], tally)
        assert (tally.total, tally.different) == (1, [])
        world.resources["Patient"]["2"]["birthDate"] = "2002"
        world.remembered.clear()
        await agreement.agree(fhir, world, [query], tally)
    assert len(tally.different) == 1
    assert tally.different[0].startswith("Patient?birthdate=1992 in pages of 1000")
    assert "only the server finds" in tally.different[0]


def test_the_same_number_makes_the_same_examples():
    patients = TYPES["Patient"][0]
    assert drawn(patients, 3, 20) == drawn(patients, 3, 20)
    assert drawn(patients, 3, 20) != drawn(patients, 4, 20)


async def test_server_and_oracle_agree(mongodb_uri, spec):
    tally = await asked(mongodb_uri, spec, 200, 400)
    assert not tally.different, tally
    assert tally.filled > tally.total / 3


@pytest.mark.long
async def test_server_and_oracle_agree_on_twenty_thousand_queries(mongodb_uri, spec):
    tally = await asked(mongodb_uri, spec, 20_000, 1_000)
    assert not tally.different, tally
    assert tally.filled > tally.total / 3
