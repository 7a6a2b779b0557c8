"""Idempotency-Key: a write that is sent again is answered as it was the first time.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from hashlib import sha256

import msgspec

from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context
from fhir_server.store.once import Once

HEADER = "idempotency-key"
_LONGEST = 255
# What changes neither the write nor its answer.
_ASIDE = frozenset({HEADER, "accept", "accept-encoding", "content-encoding", "content-type"})


def part(key: str, number: int) -> str:
    """Give the key of one entry of a batch sent under `key`."""
    return sha256(f"{key}#{number}".encode()).hexdigest()


def _whose(caller: Caller) -> tuple[str, ...]:
    """Give whose key it is: what another token may see, or no more, is not answered again."""
    return (caller.owner, caller.patient, *sorted(caller.scopes))


def once(context: Context, request: FhirRequest) -> Once | None:
    """Give the key under which this caller's request is done once, None without the header."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    text = key.strip().strip('"')
    if not (0 < len(text) <= _LONGEST and text.isascii() and text.isprintable()):
        raise Invalid(f"Idempotency-Key is 1 to {_LONGEST} printable ASCII characters.")
    name = sha256(msgspec.msgpack.encode((*_whose(context.caller), text))).hexdigest()
    asked = (
        request.method,
        request.path,
        request.parameters,
        sorted(pair for pair in request.headers.items() if pair[0] not in _ASIDE),
        msgspec.json.encode(request.resource),
        request.body,
    )
    return Once(name, sha256(msgspec.msgpack.encode(asked)).digest())
