"""What is remembered of a merge or its undo: an AuditEvent and a Provenance under one id.

https://hl7.org/fhir/R4/auditevent.html, https://hl7.org/fhir/R4/provenance.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.fhir import dates, reference
from fhir_server.interactions.context import Context
from fhir_server.interactions.respond import version_number
from fhir_server.interactions.write import built, change
from fhir_server.store.documents import Change, Stored

AUDIT, PROVENANCE = "AuditEvent", "Provenance"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
_AUDIT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"


@dataclass(frozen=True, slots=True)
class Lineage:
    """One merge: the versions of both patients before it, and what stood after it, versioned."""

    source: reference.Reference
    target: reference.Reference
    made: tuple[reference.Reference, ...]


def record(
    context: Context, kind: str, identity: str, before: Sequence[Stored], made: Sequence[str]
) -> tuple[Change, Change]:
    """Give the Changes that remember a `merge` or an `unmerge`, both under the id `identity`.

    `before` are source and target as they were; `made` every version written, `Type/id/_history/n`.
    """
    now = dates.instant(context.now())
    activity = {"system": LIFECYCLE, "code": kind}
    was = [{"reference": versioned(one.type, one.id, one.version)} for one in before]
    who = {"display": context.caller.name}
    audit = {
        "resourceType": AUDIT,
        "type": {"system": _AUDIT_TYPE, "code": "rest"},
        "subtype": [activity],
        "action": "U",
        "recorded": now,
        "outcome": "0",
        "agent": [{"who": who, "requestor": True}],
        "source": {"observer": {"display": context.base_url}},
        "entity": [
            {"what": what, "name": name, "detail": [_version(one)]}
            for what, name, one in zip(was, ("source", "target"), before, strict=True)
        ],
    }
    provenance = {
        "resourceType": PROVENANCE,
        "target": [{"reference": one} for one in made],
        "recorded": now,
        "activity": {"coding": [activity]},
        "agent": [{"who": who}],
        "entity": [
            {"role": role, "what": what}
            for role, what in zip(("source", "revision"), was, strict=True)
        ],
    }
    return _new(context, AUDIT, identity, audit), _new(context, PROVENANCE, identity, provenance)


def read(provenance: Mapping[str, Any]) -> Lineage | None:
    """Give the merge a Provenance remembers; None where it remembers something else."""
    codes = provenance.get("activity", {}).get("coding", ())
    if {"system": LIFECYCLE, "code": "merge"} not in codes:
        return None
    what = {one["role"]: one["what"].get("reference", "") for one in provenance.get("entity", ())}
    source, target = (reference.parse(what.get(role, "")) for role in ("source", "revision"))
    made = tuple(reference.parse(one.get("reference", "")) for one in provenance["target"])
    whole = all(one.type and version_number(one.version) for one in (source, target, *made))
    return Lineage(source, target, made) if whole else None


def versioned(type_: str, identity: str, version: int) -> str:
    """Give the reference to one version."""
    return f"{type_}/{identity}/_history/{version}"


def _version(stored: Stored) -> dict[str, str]:
    return {"type": "version before", "valueString": str(stored.version)}


def _new(context: Context, type_: str, identity: str, resource: dict[str, Any]) -> Change:
    whole = built(context, type_, resource)
    return change(context, type_, identity, whole, method="create", must_not_exist=True)
