"""One database for all mutants of a file: making the collections of a hundred types takes long."""

import pytest

from tests.client import fresh, health


@pytest.fixture(scope="module")
async def filled(mongodb_uri, spec):
    """Give a client that may store whatever is well made, wherever its references lead."""
    async with (
        fresh(mongodb_uri) as store,
        health(store, spec, referential_integrity=False) as fhir,
    ):
        yield fhir
