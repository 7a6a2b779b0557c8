"""`$log-proof`: the holder and the issuing body prove an issue; to others it is not known."""

import asyncio
import json
from uuid import uuid4

import pytest

from extensions.judicial_record.proof import keys, log_proof, public_log
from extensions.judicial_record.proof.canonical import content
from extensions.judicial_record.proof.keyset import keyset
from extensions.judicial_record.verifying.log_proof import proof_of
from fhir_server.access.caller import Caller
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import Conflict, NotFound
from fhir_server.store.records import Records
from tests.extensions.judicial_record.proof.issuing import T0, Holding, body
from tests.records import drop

HOLDER = Caller("an app", user="Person/1")
OFFICER = Caller("a desk", user="Practitioner/1", organisations=("99",))
OTHERS = (
    Caller("nobody"),
    Caller("an app", user="Person/2"),
    Caller("an app", user="Person/1x"),
    Caller("a desk", user="Practitioner/1", organisations=("98",)),
    Caller("an employer", user="Organization/employer"),
)


@pytest.fixture
def ring(mongodb_uri):
    """Give the keys of a log in which one event waits."""
    records = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    for kinds in (keys.KINDS, public_log.KINDS):
        records.prepare(kinds)
    event = log_proof.event("issued", content(body()))
    public_log.append(records, public_log.natural(event), event)
    yield keys.KeyRing(records, Holding(), lambda: T0 * SECOND)
    drop(records)
    records.close()


async def test_it_is_for_the_holder_and_the_issuing_body_alone(ring):
    with pytest.raises(Conflict):
        proof_of(ring, HOLDER, body())
    await asyncio.to_thread(public_log.seal, ring.records)
    for caller in (HOLDER, OFFICER):
        proof = json.loads(proof_of(ring, caller, body()))
        known = keyset(keys.published(ring))
        event = log_proof.event("issued", content(body()))
        assert log_proof.check_inclusion(proof, known, event).size == 1
    for caller in OTHERS:
        with pytest.raises(NotFound) as unknown:
            proof_of(ring, caller, body())
        with pytest.raises(NotFound) as none:
            proof_of(ring, caller, None)
        assert str(unknown.value) == str(none.value)


async def test_what_was_committed_and_not_logged_is_logged_when_asked_for(ring):
    certificate = {**body(), "id": "ended-halfway"}
    with pytest.raises(NotFound):
        proof_of(ring, OTHERS[1], certificate)
    await asyncio.to_thread(public_log.seal, ring.records)
    with pytest.raises(Conflict):
        proof_of(ring, HOLDER, certificate)
    await asyncio.to_thread(public_log.seal, ring.records)
    assert json.loads(proof_of(ring, HOLDER, certificate))["path"]
