"""A worker over the base of the `fhir` client."""

import pytest

from tests.jobs.working import worked


@pytest.fixture
async def worker(fhir):
    async with worked(fhir.context):
        yield
