"""Who issues, over one process; and the office it stands on."""

import pytest

from fhir_server.main import legal
from tests.extensions.judicial_record.people import (
    APPLIES,
    CLERK,
    ISSUER,
    OFFICER,
    READS,
    SIGNER,
    Asking,
    token,
)

OFFICERS = (*OFFICER, "legal/$propose-correction")


@pytest.fixture(scope="module")
async def people(process, settings):
    """Give who applies, a clerk, a signer."""
    async with legal.authorization(settings, legal.definitions()) as oauth:

        def officer(user):
            return Asking(process, token(oauth, OFFICERS, fhir_user=user, organisations=[ISSUER]))

        yield Asking(process, token(oauth, (*READS, *APPLIES))), officer(CLERK), officer(SIGNER)


@pytest.fixture(scope="module")
def office(process, settings):
    """Give the office of the process."""
    with legal.office_of(settings) as opened:
        yield opened
