"""What verifiers fetch, as everybody may: the keys, the status lists, the log, the JSON Schema."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from extensions.judicial_record.office import Office
from extensions.judicial_record.proof import keys, public_log, status_list
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.json import dump
from fhir_server.plugin import Document

KEYS = "/.well-known/legal-jwks.json"
# A retired key stays; a new one signs from the next second on, and is asked for when it is met.
_KEYS_SECONDS = 300
# So long one signed answer serves all who ask: what is signed for each is a way to tire the signer.
KEPT_SECONDS = 5
_SCHEMA = Path(__file__).parent / "schema" / "JudicialRecordCertificate.schema.json"
_SIZE = re.compile(r"[0-9]{1,12}", re.ASCII)
_JSON = "application/json"


def documents(office: Office) -> Sequence[Document]:
    """Give the documents of an issuing system; all but the keys lie under `/legal`."""

    def jwks(_: Mapping[str, str]) -> bytes:
        return dump(keys.published(office.ring))

    def listed(shard: str) -> bytes:
        uri = f"{office.public_url}/status/{shard}"
        return status_list.token(office.ring, shard, uri).encode()

    lists = kept(office.clock, listed)
    heads = kept(office.clock, lambda _: public_log.head(office.ring).encode())

    def status(asked: Mapping[str, str]) -> bytes:
        return lists(asked["shard"])

    def head(_: Mapping[str, str]) -> bytes:
        return heads("")

    def consistency(asked: Mapping[str, str]) -> bytes:
        path = public_log.consistency(office.records, _size(asked, "first"), _size(asked, "second"))
        return dump({"path": path})

    def leaves(asked: Mapping[str, str]) -> bytes:
        found = public_log.leaves(office.records, _size(asked, "start"), _size(asked, "end"))
        return dump({"leaves": found})

    def schema(_: Mapping[str, str]) -> bytes:
        return _SCHEMA.read_bytes()

    # What was kept here is not kept elsewhere for so long: a revocation is seen within `ttl`.
    ttl, minute = status_list.TTL_SECONDS - KEPT_SECONDS, 60
    return (
        Document(KEYS, "application/jwk-set+json", jwks, _KEYS_SECONDS),
        Document(f"/legal/{_SCHEMA.name}", "application/schema+json", schema, _KEYS_SECONDS),
        Document("/legal/status/{shard}", f"application/{status_list.TYP}", status, ttl),
        Document("/legal/log/head", "application/jwt", head, minute),
        Document("/legal/log/consistency", _JSON, consistency, minute),
        Document("/legal/log/leaves", _JSON, leaves, minute),
    )


def kept(clock: Callable[[], int], make: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """Give what makes an answer by name once in `KEPT_SECONDS`; `clock` gives µs.

    What `make` raises is kept by nobody.
    """
    periods: dict[int, dict[str, bytes]] = {}

    def told(name: str) -> bytes:
        period = clock() // (KEPT_SECONDS * SECOND)
        answers = periods.get(period)
        if answers is None:
            answers = {}
            periods.clear()
            periods[period] = answers
        if name not in answers:
            answers[name] = make(name)
        return answers[name]

    return told


def _size(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "")
    if not _SIZE.fullmatch(text):
        raise Invalid(f"{name} is a whole number.", code="value")
    return int(text)
