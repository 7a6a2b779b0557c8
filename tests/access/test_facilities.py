"""Whose resources a caller may change."""

import pytest

from fhir_server.access.caller import ANYONE_ON_LOOPBACK, Caller
from fhir_server.access.facilities import own, owners
from fhir_server.search.condition import Everything
from fhir_server.search.match import matches

CODES = frozenset({"99002", "99001"})


def test_a_facilitys_client_may_change_what_its_facilities_made():
    caller = Caller("hospital", facilities=CODES)
    assert owners(caller) == CODES
    for owner, may in (("99001", True), ("99002", True), ("99003", False)):
        assert matches(own(caller), {"_id": "1", "owner": owner}) is may
    assert not matches(own(caller), {"_id": "1"})


@pytest.mark.parametrize(
    "caller",
    [ANYONE_ON_LOOPBACK, Caller("app"), Caller("app", user="Practitioner/1", facilities=CODES)],
)
def test_whoever_is_no_facilitys_client_is_not_bound_to_owners(caller):
    assert owners(caller) is None
    assert own(caller) == Everything()
