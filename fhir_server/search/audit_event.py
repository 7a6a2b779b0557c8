"""The index fields of the server's own AuditEvents, without reading their bodies again.

What depends on the kind of access alone is learnt once from an event of that kind; the rest is put
beside it. A test holds both together equal to what `search/index` reads from the body.
"""

from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache
from typing import Any

from fhir_server.fhir import audit_event, json
from fhir_server.fhir.audit_event import Access, Actor
from fhir_server.search.index import PATIENT_FIELD, REFERENCES_FIELD, index_fields
from fhir_server.search.place import Place
from fhir_server.search.types import token
from fhir_server.spec.spec import Spec

_NOBODY = Actor("unknown")
# What differs from event to event.
_OWN = frozenset(
    {
        *(PATIENT_FIELD, REFERENCES_FIELD, "agent", "agent:identifier", "date", "entity"),
        *("entity:identifier", "patient", "policy"),
    }
)


def fields(
    spec: Spec, place: Place, access: Access, ts: int, *, patient: str, what: Sequence[str]
) -> dict[str, Any]:
    """Give the index fields of `audit_event.body` of the same access, at `ts` in µs."""
    actor = access.actor
    # An address is indexed by its words, and texts by theirs.
    if place.text_search or actor.address or spec.digests.get(audit_event.TYPE):
        body = audit_event.body(access, "x", ts, patient, what)
        return index_fields(spec, json.parse_object(body), place, identity="x")
    has = (bool(access.query), bool(access.request), bool(patient), bool(what))
    found = dict(_kind(spec, access.code, access.outcome, has))
    people = [actor.user] if actor.user else []
    people += [f"Organization/{one}" for one in actor.organisations]
    entities = [f"Patient/{patient}"] if patient else []
    entities += map(_unversioned, what)
    found |= _references(list(dict.fromkeys(people)), list(dict.fromkeys(entities)))
    found["agent:identifier"] = token.entries([("", actor.client or "unknown")])
    if access.request:
        found["entity:identifier"] = token.entries([("", access.request)])
    found["date"] = {"lo": ts, "hi": ts + 1}
    if actor.token:
        found["policy"] = [actor.token]
    return found


def _references(people: Sequence[str], entities: Sequence[str]) -> dict[str, Any]:
    every = list(dict.fromkeys((*people, *entities)))
    patients = [one for one in every if one.startswith("Patient/")]
    found = {"agent": people, "entity": entities, "patient": patients}
    found[PATIENT_FIELD] = sorted(one.removeprefix("Patient/") for one in patients)
    found[REFERENCES_FIELD] = sorted(every)
    return {name: values for name, values in found.items() if values}


@lru_cache(maxsize=512)
def _kind(
    spec: Spec, code: str, outcome: str, has: tuple[bool, bool, bool, bool]
) -> dict[str, Any]:
    """Give what all events have of which these are the same."""
    query, request, patient, data = has
    alike = Access(code, _NOBODY, "x", "x" * request, b"x" * query, outcome=outcome)
    body = audit_event.body(alike, "x", 0, "x" * patient, ["Basic/x"] * data)
    # Neither zone nor address is in what these fields are read from.
    place = Place((), UTC, spec.types)
    found = index_fields(spec, json.parse_object(body), place, identity="x")
    return {name: value for name, value in found.items() if name not in _OWN}


def _unversioned(reference: str) -> str:
    return reference.partition("/_history/")[0]
