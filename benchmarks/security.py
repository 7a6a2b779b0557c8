"""The one who asks, where the server wants to know who: a system with a token for everything."""

from fhir_server.interactions.current import Current
from fhir_server.main import definitions
from fhir_server.oauth import backend, clients
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import KINDS, OAuth
from fhir_server.store.records import Reading, Records

_SECONDS = 3600


def token(uri: str, database: str) -> str:
    """Register a system at the server of this database; give it an access token."""
    name = f"{database}_oauth"
    records, reading = Records.open(uri, name), Reading.open(uri, name)
    oauth = OAuth(
        "http://127.0.0.1/oauth", "http://127.0.0.1/fhir", records, reading,
        Current(definitions()),
    )  # fmt: skip
    records.prepare(KINDS)
    client = Client(
        "benchmark", "Benchmark", "asymmetric", ("client_credentials",),
        scopes=("system/*.cruds",), status="active",
    )  # fmt: skip
    made, _ = clients.add(oauth, client)
    return backend.by_hand(oauth, made, "", _SECONDS)
