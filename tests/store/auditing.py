"""What is noted in tests of the audit, and what a verifier says of a database."""

from typing import Any

from fhir_server.fhir import audit_event
from fhir_server.fhir.audit_event import Access, Actor, Fact
from fhir_server.search.audit_event import fields
from fhir_server.search.index import index_fields
from fhir_server.search.place import Place
from fhir_server.store.signing import Signer
from fhir_server.store.verify import Verifier

KEY = b"a key for tests"
ACCESS = Access("read", Actor("app", "Practitioner/1", (), "t"), "http://example.org/fhir", "r")


def facts(first, count):
    return [
        Fact(ACCESS, f"e{n:05}", 1_795_000_000_000_000 + n, f"p{n % 7}", ("Observation/1",))
        for n in range(first, first + count)
    ]


def signer(spec, key=KEY) -> Signer:
    def made(fact: Fact) -> dict[str, Any]:
        body, x = audit_event.body(fact), fields(spec, fact)
        return {"_id": fact.id, "v": 1, "ts": fact.ts, "body": body, "x": x}

    return Signer(key, made)


async def faults(spec, database, checkpoints=(), key=KEY):
    place = Place(types=spec.types)
    read = Verifier(
        database,
        signer(spec, key),
        lambda event: index_fields(spec, event, place, identity=event["id"]),
    )
    return [fault async for fault in read.faults(checkpoints, lambda _: None)]
