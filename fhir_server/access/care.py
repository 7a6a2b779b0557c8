"""Who may act for a patient, as resources tell it: encounters, care teams, referrals, relatives."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fhir_server.fhir.dates import FOR_EVER, date_range
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.reference import target
from fhir_server.search.place import Place

Kind = Literal["care", "break-glass", "proxy"]
Resource = Mapping[str, Any]

BREAK_GLASS_SECONDS = 15 * 60

# https://hl7.org/fhir/R4/valueset-encounter-status.html: `unknown` opens nothing.
_OPEN = frozenset({"planned", "arrived", "triaged", "in-progress", "onleave"})
_ACCEPTED = frozenset({"accepted", "in-progress"})


@dataclass(frozen=True, slots=True)
class Relation:
    """`holder`, such as `Organization/1`, may act for the patient (an id) until this ts (µs)."""

    holder: str
    patient: str
    until: int
    kind: Kind = "care"

    @property
    def field(self) -> dict[str, Any]:
        """The relation as it stands in the index."""
        return asdict(self)


def relations(resource: Resource, place: Place) -> list[Relation]:
    """Give the relations a well-made resource makes, each once; none for most types.

    An Encounter is its provider's care while it is open, and until its end once it is finished;
    a CareTeam its organisations' while it is active; a Task its owner's while a referral is
    accepted. A RelatedPerson stands for the patient while active. A contained resource makes none.
    https://hl7.org/fhir/R4/encounter.html, https://hl7.org/fhir/R4/careteam.html,
    https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/relatedperson.html
    """
    make = _MAKERS.get(resource["resourceType"])
    return list(dict.fromkeys(make(resource, place))) if make else []


def end(period: Any, place: Place) -> int | None:
    """Give the ts at which a Period ends, FOR_EVER without an end, None where it makes no sense."""
    text = period.get("end") if isinstance(period, Mapping) else None
    if text is None:
        return FOR_EVER
    try:
        return date_range(text, place.zone)[1]
    except (Invalid, TypeError):
        return None


def _encounter(resource: Resource, place: Place) -> Iterator[Relation]:
    if resource.get("status") in _OPEN:
        until: int | None = FOR_EVER
    elif resource.get("status") == "finished":
        period = resource.get("period", {})
        # A visit whose end nobody noted was over on the day it began.
        told = period.get("end") or period.get("start")
        until = end({"end": told}, place) if told else None
    else:
        until = None
    yield from _care(resource.get("serviceProvider"), resource.get("subject"), until, place)


def _care_team(resource: Resource, place: Place) -> Iterator[Relation]:
    if resource.get("status") != "active":
        return
    over, patient = end(resource.get("period"), place), resource.get("subject")
    for manager in resource.get("managingOrganization", ()):
        yield from _care(manager, patient, over, place)
    for one in resource.get("participant", ()):
        own = end(one.get("period"), place)
        until = None if over is None or own is None else min(over, own)
        for name in ("member", "onBehalfOf"):
            yield from _care(one.get(name), patient, until, place)


def _task(resource: Resource, place: Place) -> Iterator[Relation]:
    named = [resource.get("focus"), *resource.get("basedOn", ())]
    referral = any(_target(one, ("ServiceRequest",), place) for one in named)
    if referral and resource.get("status") in _ACCEPTED:
        until = end(resource.get("restriction", {}).get("period"), place)
        yield from _care(resource.get("owner"), resource.get("for"), until, place)


def _related_person(resource: Resource, place: Place) -> Iterator[Relation]:
    patient = _target(resource.get("patient"), ("Patient",), place)
    until = end(resource.get("period"), place)
    active = resource.get("active") is not False
    if active and patient and until is not None:
        me = f"RelatedPerson/{resource['id']}"
        yield Relation(me, patient.removeprefix("Patient/"), until, "proxy")


def _care(holder: Any, patient: Any, until: int | None, place: Place) -> Iterator[Relation]:
    who = _target(holder, ("Organization",), place)
    whose = _target(patient, ("Patient",), place)
    if who and whose and until is not None:
        yield Relation(who, whose.removeprefix("Patient/"), until)


def _target(reference: Any, types: Collection[str], place: Place) -> str:
    """Give the `Type/id` here that a Reference points at, "" for anything else."""
    text = reference.get("reference") if isinstance(reference, Mapping) else None
    if not isinstance(text, str):
        return ""
    found = target(text, place.base_urls)
    type_, slash, id_ = found.partition("/")
    return found if slash and type_ in types and "/" not in id_ else ""


_MAKERS: Mapping[str, Callable[[Resource, Place], Iterator[Relation]]] = {
    "Encounter": _encounter,
    "CareTeam": _care_team,
    "Task": _task,
    "RelatedPerson": _related_person,
}
