"""An authorization server for the tests of identity: records of its own and a clock that is set."""

from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from fhir_server.interactions.current import Current
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.users import User
from fhir_server.store.records import Records
from tests.records import drop

NOW = 2_000_000_000
PASSWORD = "four odd words do"
NURSE = User(
    "nurse",
    display="The nurse",
    fhir_user="Practitioner/2",
    organisations=("H1",),
    clearance=("PSY",),
)


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: int = NOW

    def __call__(self):
        return self.now


@contextmanager
def identities(mongodb_uri, issuer="https://example.org/oauth"):
    records = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    base = issuer.removesuffix("/oauth") + "/fhir"
    try:
        yield OAuth(issuer, base, records, None, Current(None), Clock())
    finally:
        drop(records)
        records.close()
