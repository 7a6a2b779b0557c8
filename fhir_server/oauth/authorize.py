"""The authorization endpoint: a request checked and kept, the user's answer, the way back.

https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-authorization-code
"""

import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidClientError, InvalidRequestError

from fhir_server.access import scopes as algebra
from fhir_server.fhir.errors import Forbidden, Gone, Invalid
from fhir_server.oauth import clients, codes, grants
from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import Answer, Pairs, redirected, single
from fhir_server.oauth.requested import requested
from fhir_server.oauth.server import OAuth
from fhir_server.store.records import Record

# How long a user may take to sign in and answer.
WAITING_SECONDS = 600
PUSHED_SECONDS = 90
_PUSHED = "urn:ietf:params:oauth:request_uri:"


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that waits for its user's answer; `patient`, `encounter` are of an EHR launch.

    `user` is the fhirUser who launched the app and has to be the one who answers, empty where
    anyone may. `max_age` is None where the sign-in may be of any age. `asked`: when, int seconds.
    """

    id: str
    client: Client
    scopes: tuple[str, ...]
    user: str
    patient: str
    encounter: str
    needs_patient: bool
    labels: tuple[str, ...]
    offline: bool
    online: bool
    prompt: tuple[str, ...]
    max_age: int | None
    asked: int


@dataclass(frozen=True, slots=True)
class Approval:
    """What the user answered: who he is, for which patient, and which of the scopes.

    `session` is the id of his browser session; `auth_time` when he signed in, int seconds.
    """

    sub: str
    fhir_user: str
    patient: str
    encounter: str
    scopes: tuple[str, ...]
    labels: tuple[str, ...]
    organisations: tuple[str, ...]
    session: str
    auth_time: int
    acr: str


def answer(oauth: OAuth, sent: Pairs) -> Answer:
    """Send the browser to sign in, or back with an error.

    Raises OAuth2Error where it may not be sent back: the app or its address is not known.
    """
    fields = single(sent)
    client = _client(oauth, fields.get("client_id", ""))
    if "request_uri" in fields:
        record = _unpushed(oauth, client, fields["request_uri"])
    else:
        uri = _redirect_uri(client, fields.get("redirect_uri", ""))
        try:
            record = requested(oauth, client, fields)
        except OAuth2Error as error:
            return _back(oauth, uri, fields.get("state", ""), error)
    id_ = _keep(oauth, record, WAITING_SECONDS, pushed=False)
    return Answer(
        303, None, (("Location", f"{oauth.page('sign-in')}?{urlencode({'request': id_})}"),)
    )


def push(oauth: OAuth, client: Client, sent: Pairs) -> str:
    """Check and keep a pushed request; give its request_uri, good for 90 s. Raises OAuth2Error.

    https://www.rfc-editor.org/rfc/rfc9126#section-2
    """
    fields = single(sent)
    _redirect_uri(client, fields.get("redirect_uri", ""))
    return _PUSHED + _keep(oauth, requested(oauth, client, fields), PUSHED_SECONDS, pushed=True)


def pending(oauth: OAuth, id_: str) -> Pending | None:
    """Give the request of this id while it waits."""
    record = _waiting(oauth, id_)
    client = clients.active(oauth, record["client"]) if record else None
    if record is None or client is None:
        return None
    scopes = tuple(record["scopes"])
    return Pending(
        id=id_,
        client=client,
        scopes=scopes,
        user=record["launch_user"],
        patient=record["patient"],
        encounter=record["encounter"],
        needs_patient=_needs_patient(scopes) and not record["patient"],
        labels=tuple(one.removeprefix("label/") for one in scopes if one.startswith("label/")),
        offline="offline_access" in scopes,
        online="online_access" in scopes,
        prompt=tuple(record["prompt"]),
        max_age=record["max_age"],
        asked=record["asked"],
    )


def approve(oauth: OAuth, id_: str, approval: Approval) -> str:
    """Grant what the user said; give the address his browser goes back to.

    Raises Gone where the request was answered or is too old, Forbidden where another user launched
    the app, Invalid where the answer is none to what was asked.
    """
    waiting = pending(oauth, id_)
    if waiting is None:
        raise _gone()
    if waiting.user not in ("", approval.fhir_user):
        raise Forbidden("This app was launched by another user.")
    scopes = _agreed(oauth, waiting, approval)
    request = _answered(oauth, id_)
    # https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-a-refresh-token
    grant = grants.new(
        oauth,
        waiting.client,
        scopes,
        seconds=codes.CODE_SECONDS,
        user=approval.sub,
        fhir_user=approval.fhir_user,
        patient=waiting.patient or approval.patient,
        encounter=waiting.encounter or approval.encounter,
        context=request["context"],
        labels=sorted(set(approval.labels)),
        organisations=sorted(approval.organisations),
        session="" if "offline_access" in scopes else approval.session,
        auth_time=approval.auth_time,
        acr=approval.acr,
    )
    code = codes.new(oauth, request, grant)
    told = {"code": code, "state": request["state"], "iss": oauth.issuer}
    return redirected(request["redirect_uri"], told)


def refuse(oauth: OAuth, id_: str) -> str:
    """Refuse what was asked for; give the address the browser goes back to. Raises Gone."""
    request = _answered(oauth, id_)
    error = AccessDeniedError()
    back = _back(oauth, request["redirect_uri"], request["state"], error)
    return dict(back.headers)["Location"]


def _agreed(oauth: OAuth, waiting: Pending, approval: Approval) -> list[str]:
    """Give the scopes to grant: what was said, and nothing that was not asked for."""
    asked = algebra.each(" ".join(waiting.scopes), oauth.spec)
    try:
        said = algebra.each(" ".join(approval.scopes), oauth.spec)
    except ValueError as error:
        raise Invalid(str(error)) from None
    if algebra.narrowed(asked, said) != said or not set(approval.labels) <= set(waiting.labels):
        raise Invalid("More is granted than was asked for.")
    if waiting.patient not in ("", approval.patient or waiting.patient):
        raise Invalid("The app was launched for another patient.")
    patient = waiting.patient or approval.patient
    encounter = waiting.encounter or approval.encounter
    scopes = [str(one) for one in said]
    if _needs_patient(scopes) and not patient:
        raise Invalid("Choose the patient the app is for.")
    untold = {"fhirUser": approval.fhir_user, "launch/encounter": encounter}
    return [one for one in scopes if untold.get(one, "told")]


def _needs_patient(scopes: list[str] | tuple[str, ...]) -> bool:
    return any(one.startswith("patient/") or one == "launch/patient" for one in scopes)


def _client(oauth: OAuth, id_: str) -> Client:
    client = clients.active(oauth, id_) if id_ else None
    if client is None:
        raise InvalidClientError("The app is not known here.")
    return client


def _redirect_uri(client: Client, uri: str) -> str:
    """Give the redirect URI if it is one of the registered, letter by letter.

    https://www.rfc-editor.org/rfc/rfc9700#section-2.1
    """
    if uri not in client.redirect_uris:
        raise InvalidRequestError("redirect_uri is none that the app registered.")
    return uri


def _keep(oauth: OAuth, record: Record, seconds: int, *, pushed: bool) -> str:
    id_ = secrets.token_urlsafe(32)
    asked = oauth.clock()
    kept = {**record, "_id": id_, "pushed": pushed, "answered": False}
    kept |= {"asked": asked, "expires": asked + seconds}
    oauth.records.insert("requests", kept)
    return id_


def _unpushed(oauth: OAuth, client: Client, uri: str) -> Record:
    id_ = uri.removeprefix(_PUSHED)
    where = {"_id": id_, "client": client.id, "pushed": True, "answered": False}
    named = uri.startswith(_PUSHED)
    record = oauth.records.change("requests", where, {"answered": True}) if named else None
    if record is None or record["expires"] <= oauth.clock():
        raise InvalidRequestError("request_uri is not known here, or no more.")
    return record


def _waiting(oauth: OAuth, id_: str) -> Record | None:
    where = {"_id": id_, "pushed": False, "answered": False}
    record = oauth.records.one("requests", where)
    return record if record and record["expires"] > oauth.clock() else None


def _answered(oauth: OAuth, id_: str) -> Record:
    """Give the request and let it wait no more: one answer, in one atomic step."""
    where = {"_id": id_, "pushed": False, "answered": False}
    record = oauth.records.change("requests", where, {"answered": True})
    if record is None or record["expires"] <= oauth.clock():
        raise _gone()
    return record


def _gone() -> Gone:
    return Gone("This request was answered already, or is too old; start again in the app.")


def _back(oauth: OAuth, uri: str, state: str, error: OAuth2Error) -> Answer:
    """https://www.rfc-editor.org/rfc/rfc9207#section-2 ."""
    told = dict(error.get_body())
    location = redirected(uri, {**told, "state": state, "iss": oauth.issuer})
    return Answer(303, None, (("Location", location),))
