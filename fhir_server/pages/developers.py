"""Registering an app: it may be used once an operator has looked at it.

https://www.rfc-editor.org/rfc/rfc7591
"""

import asyncio
from typing import Any, Final

from fhir_server.fhir import json
from fhir_server.oauth import registration
from fhir_server.oauth.metadata import InvalidMetadata
from fhir_server.oauth.registration import TooManyApplications
from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.fields import Fields
from fhir_server.pages.refusals import Refused
from fhir_server.pages.visit import Visit

_APP = ["authorization_code", "refresh_token"]
# What a kind is in the words of registration.
KINDS: Final[dict[str, dict[str, Any]]] = {
    "public": {"token_endpoint_auth_method": "none", "grant_types": _APP},
    "symmetric": {"token_endpoint_auth_method": "client_secret_basic", "grant_types": _APP},
    "asymmetric": {"token_endpoint_auth_method": "private_key_jwt", "grant_types": _APP},
    "system": {
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["client_credentials"],
    },
}
# The fields of the form; of the second kind each line is a value.
ONE, LINES = ("client_name", "initiate_login_uri", "jwks_uri"), ("redirect_uris", "contacts")


async def show(visit: Visit) -> Answer:
    """Give the form."""
    return _form(visit)


async def answer(visit: Visit) -> Answer:
    """Take the application; its secret, if it has one, is shown this once."""
    body = json.dump(metadata(visit.form))
    try:
        told = await asyncio.to_thread(registration.register, visit.site.oauth, body, visit.address)
    except InvalidMetadata as error:
        return _form(visit, str(error.description))
    except TooManyApplications:
        raise Refused(429, "refused.many") from None
    return Page("registered", {"client": told.body})


def metadata(form: Fields) -> dict[str, Any]:
    """Give what the form says in the words of registration; Refused for a kind there is not."""
    kind = KINDS.get(form.one("kind"))
    if kind is None:
        raise Refused(400, "refused.form")
    one = {name: form.one(name).strip() for name in ONE}
    lines = {name: form.one(name).split() for name in LINES}
    given = {name: value for name, value in (one | lines).items() if value}
    return given | kind | {"scope": " ".join(form.one("scope").split())}


def _form(visit: Visit, problem: str = "") -> Page:
    names = ("kind", *ONE, *LINES, "scope")
    given = {name: visit.form.one(name) for name in names}
    told = {"kinds": tuple(KINDS), "given": given, "problem": problem}
    return Page("developers", told, 400 if problem else 200)
