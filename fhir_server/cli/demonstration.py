"""Who takes part in the demonstration: the hospitals' client, a citizen, the sample app."""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from fhir_server.cli.authorization import opened
from fhir_server.cli.client import connected

APP = "sample-app"
_HOSPITALS = "demo-hospitals"
# Whoever loads at leisure on a slow machine is still let in.
_SECONDS = 3600
_SCOPES = ("system/*.rs", "system/$submit-document")
_APP_SCOPES = (
    "openid",
    "fhirUser",
    "launch/patient",
    "offline_access",
    "patient/*.rs",
    "label/HIV",
)


@dataclass(frozen=True, slots=True)
class Login:
    """What somebody signs in with."""

    username: str
    password: str


def hospitals() -> str:
    """Register the client of the synthetic hospitals; give it an access token."""
    from fhir_server.oauth import backend, clients
    from mappings.synthetic.keys import code
    from mappings.synthetic.people import FACILITIES

    facilities = tuple(code(number) for number in range(1, FACILITIES + 1))
    client = clients.Client(
        _HOSPITALS,
        "Synthetic hospitals",
        "asymmetric",
        ("client_credentials",),
        scopes=_SCOPES,
        facilities=facilities,
        status="active",
    )
    with opened(definitions=True) as oauth:
        return backend.by_hand(oauth, there(oauth, client), "", _SECONDS)


def citizen(url: str, token: str, number: str) -> Login:
    """Let the citizen with this number sign in, with a new password each time."""
    from fhir_server.oauth import users

    with connected(url, token) as client:
        found = client.get("Patient", params={"identifier": number}).json()
    [patient, *_] = [one["resource"]["id"] for one in found["entry"]]
    user = users.User("citizen", display="Citizen", fhir_user=f"Patient/{patient}")
    with opened() as oauth:
        return login(oauth, user)


def login(oauth: Any, user: Any) -> Login:
    """Let somebody sign in, with a new password."""
    from fhir_server.oauth import users

    made = Login(user.username, secrets.token_urlsafe(12))
    if users.get(oauth.records, made.username):
        users.set_password(oauth, made.username, made.password)
    else:
        users.add(oauth.records, user, made.password)
    return made


def sample_app(address: str) -> None:
    """Register the sample app, which users come back to at this address."""
    from fhir_server.oauth import clients

    client = clients.Client(
        APP,
        "Sample health book",
        "public",
        ("authorization_code", "refresh_token"),
        (address,),
        scopes=_APP_SCOPES,
        clearance=("HIV",),
        status="active",
    )
    with opened() as oauth:
        known = there(oauth, client)
        # Another port than last time.
        clients.update(oauth, replace(known, redirect_uris=(address,)), known.version)


def there(oauth: Any, client: Any) -> Any:
    """Give a registered client, registered now if it was not."""
    from fhir_server.oauth import clients

    return clients.get(oauth, client.id) or clients.add(oauth, client)[0]
