"""EHR launch: an EHR tells the context of its session, the app brings it back as `launch`.

https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import InvalidRequestError

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError
from fhir_server.oauth import clients
from fhir_server.oauth.exchange import Answer
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.tokens import bearer, digest
from fhir_server.store.records import Record

SCOPE = "system/$launch"
LAUNCH_SECONDS = 300
_ID = r"[A-Za-z0-9.\-]{1,64}"
_TEXTS = {
    "client_id": r"[!-~]{1,128}",
    "user": rf"(Practitioner|PractitionerRole|Patient|RelatedPerson|Person)/{_ID}",
    "patient": _ID,
    "encounter": _ID,
    "intent": r"[!-~]{1,128}",
}
_NEEDED = {"client_id", "user"}
_KNOWN = {*_TEXTS, "need_patient_banner", "fhirContext"}
_MAX_CONTEXT = 20
_URI = r"[a-z][a-z0-9+.\-]*:[!-~]{1,256}"
# https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#fhircontext-exp
_POINTS = ("reference", "canonical", "identifier")
_ALREADY_TOLD = ("Patient/", "Encounter/")


def answer(oauth: OAuth, body: bytes, authorization: str) -> Answer:
    """Keep a launch for an EHR whose token has the scope `system/$launch`; give its handle.

    The body is JSON: `client_id` of the app, `user` (fhirUser) who launches it, and of the context
    `patient`, `encounter` (ids), `fhirContext`, `intent`, `need_patient_banner`.
    Raises OAuth2Error.
    """
    ehr = bearer(oauth, authorization, SCOPE)
    told = _read(body)
    app = clients.active(oauth, told["client_id"])
    if app is None:
        raise InvalidRequestError("client_id is not known here.")
    handle = secrets.token_urlsafe(32)
    context = ("need_patient_banner", "fhirContext", "intent")
    oauth.records.insert(
        "launches",
        {
            "_id": digest(handle),
            "by": ehr["client"],
            "client": app.id,
            "user": told["user"],
            "patient": told.get("patient", ""),
            "encounter": told.get("encounter", ""),
            "context": {name: told[name] for name in context if name in told},
            "used": False,
            "expires": oauth.clock() + LAUNCH_SECONDS,
        },
    )
    told = {"launch": handle, "expires_in": LAUNCH_SECONDS}
    if app.launch_url:
        query = urlencode({"iss": oauth.base_url, "launch": handle})
        told["launch_url"] = f"{app.launch_url}{'&' if '?' in app.launch_url else '?'}{query}"
    return Answer(201, told)


def taken(oauth: OAuth, handle: str, client_id: str) -> Record | None:
    """Use up a launch of this client; None where there is none, or none any more."""
    where = {"_id": digest(handle), "client": client_id, "used": False}
    found = oauth.records.change("launches", where, {"used": True})
    return found if found and found["expires"] > oauth.clock() else None


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.parse(body)
    except FhirError:
        told = None
    if not isinstance(told, dict) or not set(told) <= _KNOWN or not set(told) >= _NEEDED:
        raise InvalidRequestError(
            f"The body is a JSON object of client_id, user and of {', '.join(sorted(_KNOWN))}."
        )
    for name, pattern in _TEXTS.items():
        value = told.get(name)
        if name in told and not (isinstance(value, str) and re.fullmatch(pattern, value)):
            raise InvalidRequestError(f"{name} is not as it should be.")
    if not isinstance(told.get("need_patient_banner", True), bool):
        raise InvalidRequestError("need_patient_banner is true or false.")
    listed = told.get("fhirContext", [])
    if not isinstance(listed, list) or len(listed) > _MAX_CONTEXT or not all(map(_points, listed)):
        raise InvalidRequestError(
            "fhirContext is a list of objects with reference, canonical or identifier, none of "
            "them a Patient or an Encounter without a role that is a URI."
        )
    return told


def _points(one: Any) -> bool:
    """Say whether this is a fhirContext's object; a role is `launch` or an absolute URI."""
    if not isinstance(one, Mapping) or not any(name in one for name in _POINTS):
        return False
    reference, role = one.get("reference", ""), one.get("role", "launch")
    if not isinstance(reference, str) or not isinstance(role, str):
        return False
    if role == "launch":
        return not reference.startswith(_ALREADY_TOLD)
    return re.fullmatch(_URI, role) is not None
