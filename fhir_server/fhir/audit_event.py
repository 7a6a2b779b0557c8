"""AuditEvents as exact bytes: one access to the records of one patient, or one that was refused.

Every read waits for one, so a body is put together from ready pieces, not from a tree of values.
https://hl7.org/fhir/R4/auditevent.html; the patterns are those of IHE's Basic Audit Log Patterns,
https://profiles.ihe.net/ITI/BALP/content.html
"""

from base64 import b64encode
from functools import lru_cache
from typing import Any

import msgspec

from fhir_server.fhir import json
from fhir_server.fhir.dates import instant

TYPE = "AuditEvent"
BREAK_GLASS = "BTG"
DONE, REFUSED = "0", "4"

_INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
_ENTITY_TYPES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_REQUEST_ID = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
# https://hl7.org/fhir/R4/valueset-audit-event-action.html; what is not here executes.
_ACTIONS = {
    "create": "C",
    "update": "U",
    "patch": "U",
    "delete": "D",
    "read": "R",
    "vread": "R",
    "history-instance": "R",
    "history-type": "R",
    "history-system": "R",
}
# A compartment's search is a code of R5: http://hl7.org/fhir/R4/valueset-restful-interaction.html
_R4 = {"search-compartment": "search"}
# In the DICOM pattern data flows from the source to the destination.
_SOURCE, _DESTINATION = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
_LONGEST_QUERY = 4096


class Actor(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Who asked: client id, fhirUser, ids of the user's organisations, token id, address, or ""."""

    client: str
    user: str = ""
    organisations: tuple[str, ...] = ()
    token: str = ""
    address: str = ""


class Access(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a request did, or was refused: what all its events have in common.

    `code` is the interaction's, or `$name`; `server` this base's address; `request` the
    X-Request-Id; `query` the request as sent where parameters say what it is about; `purpose` a
    code of v3-ActReason; `told` says of a refusal which it was, never why in words of the request.
    """

    code: str
    actor: Actor
    server: str
    request: str = ""
    query: bytes = b""
    purpose: str = ""
    outcome: str = DONE
    told: str = ""


class Fact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What one AuditEvent tells; it is recorded at `ts` in µs, about `Patient/<patient>` if any.

    `what` are references to what was read or written, `kinds` the resource types told of the
    patient.
    """

    access: Access
    id: str
    ts: int
    patient: str = ""
    what: tuple[str, ...] = ()
    kinds: str = ""


def body(fact: Fact) -> bytes:
    """Give the AuditEvent of a fact."""
    access = fact.access
    at = f'"{instant(fact.ts)}"'.encode()
    parts = [
        b'{"resourceType":"AuditEvent","id":"' + fact.id.encode(),
        b'","meta":{"versionId":"1","lastUpdated":' + at + b"}," + _head(access.code),
        b',"recorded":' + at + b',"outcome":"' + access.outcome.encode() + b'"',
    ]
    if access.told:
        parts.append(b',"outcomeDesc":' + json.dump(access.told))
    if access.purpose:
        parts.append(b',"purposeOfEvent":[{"coding":[' + _coding(_REASONS, access.purpose) + b"]}]")
    parts.append(_agents(access.actor, access.server, access.code))
    entities = [*_patient(fact.patient, fact.kinds), *map(_data, fact.what), *_asked(access)]
    if entities:
        parts.append(b',"entity":[' + b",".join(entities) + b"]")
    parts.append(b"}")
    return b"".join(parts)


def interaction(code: str) -> str:
    """Give the code of R4 for one of the route table."""
    return "operation" if code.startswith("$") else _R4.get(code, code)


@lru_cache(maxsize=256)
def _head(code: str) -> bytes:
    word = interaction(code)
    subtype = [{"system": _INTERACTIONS, "code": word, "display": word}]
    if code.startswith("$"):
        subtype.append({"code": code, "display": code})
    rest: dict[str, Any] = {
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
            "display": "RESTful Operation",
        },
        "subtype": subtype,
        "action": _ACTIONS.get(code, "E"),
    }
    return json.dump(rest)[1:-1]


@lru_cache(maxsize=4096)
def _agents(actor: Actor, server: str, code: str) -> bytes:
    """Give agents and source; the token is in the policy of whom it was given to."""
    reads = _ACTIONS.get(code) == "R"
    policy = {"policy": [actor.token]} if actor.token else {}
    network = {"network": {"address": actor.address, "type": "2"}} if actor.address else {}
    user = {
        "type": _concept(_PARTICIPATION, "IRCP" if _ACTIONS.get(code) in (None, "R") else "AUT"),
        "who": {"reference": actor.user},
        "requestor": True,
        **policy,
    }
    client = {
        "type": _concept(_DICOM, *(_DESTINATION if reads else _SOURCE)),
        "who": {"identifier": {"value": actor.client or "unknown"}},
        "requestor": not actor.user,
        **({} if actor.user else policy),
        **network,
    }
    told = {
        "type": _concept(_DICOM, *(_SOURCE if reads else _DESTINATION)),
        "who": {"display": server},
        "requestor": False,
    }
    of = [
        {"who": {"reference": f"Organization/{one}"}, "requestor": False}
        for one in actor.organisations
    ]
    agents = [*([user] if actor.user else []), *of, client, told]
    rest = {"agent": agents, "source": {"observer": {"display": server}}}
    return b"," + json.dump(rest)[1:-1]


def _concept(system: str, code: str, display: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code}
    return {"coding": [coding | {"display": display} if display else coding]}


def _coding(system: str, code: str) -> bytes:
    return json.dump({"system": system, "code": code})


_PERSON = b'"},"type":' + _coding(_ENTITY_TYPES, "1") + b',"role":' + _coding(_ROLES, "1")
_OBJECT = b'},"type":' + _coding(_ENTITY_TYPES, "2") + b',"role":' + _coding(_ROLES, "4") + b"}"
_QUERY = (
    b'{"type":' + _coding(_ENTITY_TYPES, "2") + b',"role":' + _coding(_ROLES, "24") + b',"query":"'
)
_REQUEST = b'}},"type":' + _coding(_REQUEST_ID, "XrequestId") + b"}"


def _patient(patient: str, kinds: str) -> list[bytes]:
    if not patient:
        return []
    told = b',"description":"' + kinds.encode() + b'"}' if kinds else b"}"
    return [b'{"what":{"reference":"Patient/' + patient.encode() + _PERSON + told]


def _data(reference: str) -> bytes:
    return b'{"what":{"reference":' + json.dump(reference) + _OBJECT


def _asked(access: Access) -> list[bytes]:
    found = []
    if access.query:
        found.append(_QUERY + b64encode(access.query[:_LONGEST_QUERY]) + b'"}')
    if access.request:
        value = json.dump(access.request)
        found.append(b'{"what":{"identifier":{"value":' + value + _REQUEST)
    return found
