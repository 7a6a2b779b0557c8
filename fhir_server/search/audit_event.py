"""The index fields of the server's own AuditEvents, without reading their bodies again.

What depends on the kind of access alone is learnt once from an event of that kind; the rest is put
beside it. A test holds both together equal to what `search/index` reads from the body.
"""

from functools import lru_cache
from typing import Any

from fhir_server.fhir import audit_event, json
from fhir_server.fhir.audit_event import Access, Actor, Fact
from fhir_server.search.index import PATIENT_FIELD, REFERENCES_FIELD, index_fields
from fhir_server.search.place import Place
from fhir_server.spec.spec import Spec

# What differs from event to event of one actor.
_OWN = frozenset(
    {PATIENT_FIELD, REFERENCES_FIELD, "date", "entity", "entity:identifier", "patient"}
)


def fields(spec: Spec, fact: Fact) -> dict[str, Any]:
    """Give the index fields of `audit_event.body` of the same fact.

    They are all where the words of texts are not indexed, and no parameter was stored for events.
    """
    access, patient, what = fact.access, fact.patient, fact.what
    has = (bool(access.query), bool(access.request), bool(patient), bool(what))
    kind = _kind(spec, access.actor, access.code, access.outcome, has)
    people = kind.get("agent", ())
    entities = [f"Patient/{patient}"] if patient else []
    entities += [one.partition("/_history/")[0] for one in what]
    entities = list(dict.fromkeys(entities))
    every = dict.fromkeys((*people, *entities))
    found = {**kind, "date": {"lo": fact.ts, "hi": fact.ts + 1}}
    if every:
        found[REFERENCES_FIELD] = sorted(every)
    if entities:
        found["entity"] = entities
    if patients := [one for one in every if one.startswith("Patient/")]:
        found["patient"] = patients
        found[PATIENT_FIELD] = sorted(one.removeprefix("Patient/") for one in patients)
    if access.request:
        found["entity:identifier"] = [f"|{access.request}", f"*|{access.request}"]
    return found


@lru_cache(maxsize=4096)
def _kind(
    spec: Spec, actor: Actor, code: str, outcome: str, has: tuple[bool, bool, bool, bool]
) -> dict[str, Any]:
    """Give what all events have of which these are the same."""
    query, request, patient, data = has
    alike = Access(code, actor, "x", "x" * request, b"x" * query, outcome=outcome)
    body = audit_event.body(Fact(alike, "x", 0, "x" * patient, ("Basic/x",) * data))
    # Neither zone nor address is in what these fields are read from.
    found = index_fields(spec, json.parse_object(body), Place(types=spec.types), identity="x")
    return {name: value for name, value in found.items() if name not in _OWN}
