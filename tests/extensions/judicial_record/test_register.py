"""Bodies and officers as resources: as they are named, not active once they are not."""

from dataclasses import replace

import pytest

from extensions.judicial_record import register
from extensions.judicial_record.office import Body, Issuer, Officer
from fhir_server.fhir import json
from fhir_server.main.legal import definitions
from tests.client import fresh
from tests.extensions.judicial_record.offices import office
from tests.extensions.judicial_record.terms.dossiers import ALL, context

CLERK, SIGNER = Officer("clerk", "CÁN BỘ THỬ", "Cán bộ"), Officer("signer", "LÃNH ĐẠO THỬ", "Sếp")
POLICE = Issuer("police", "Công an thử nghiệm", "Tỉnh 99", "{n}", (CLERK, SIGNER))
EMPLOYER, COURT = Body("employer", "Công ty", "organisation"), Body("court", "Toà", "state-body")
ALL_OF = office(issuers={"police": POLICE}, bodies={"employer": EMPLOYER, "court": COURT})
FEWER = office(
    issuers={"police": replace(POLICE, officers=(SIGNER,))}, bodies={"employer": EMPLOYER}
)


@pytest.fixture
async def kept(mongodb_uri):
    """Give what keeps an office, and tells by id the active flag and version of each resource."""
    async with fresh(mongodb_uri) as store:
        where = context(store, definitions())

        async def keep(one):
            await register.keep(where, one)
            found = [
                stored
                for type_ in ("Organization", "Practitioner")
                for stored in (await store.search(ALL, type_, ALL)).found
            ]
            return {one.id: (json.parse_object(one.body)["active"], one.version) for one in found}

        yield keep


async def test_who_is_no_longer_named_is_not_active_until_he_is_again(kept):
    names = ("police", "employer", "court", "clerk", "signer")
    assert await kept(ALL_OF) == dict.fromkeys(names, (True, 1))
    fewer = dict.fromkeys(names, (True, 1)) | dict.fromkeys(("court", "clerk"), (False, 2))
    assert await kept(FEWER) == fewer
    assert await kept(FEWER) == fewer
    assert (await kept(ALL_OF))["court"] == (True, 3)
