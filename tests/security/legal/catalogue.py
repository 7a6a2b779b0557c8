"""The classes of attacks between and inside the bases: what is tried, by whom, and what proves it.

A twin is the same kind of request by who may; it has to be answered, or the attack reached nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from tests.security.attacks import Attack, in_forms
from tests.security.legal import across, back, within
from tests.security.legal.sending import Try
from tests.security.legal.within import CERT, NOTHING, T

JSON = (("accept", "application/fhir+json"),)
HEALTH = ("system", "system v1", "user", "named", "citizen", "citizen as holder")
LEGAL = ("NEVER", "app-99", "signer-99", "court-99", "wild")
OTHERS = ("OTHER", "CLEARED", "app-98", "clerk-98", "signer-98", "employer-99", "wild")
OFFICERS = ("clerk-98", "signer-98", "OTHER", "app-98")


@dataclass(frozen=True)
class Class:
    """`twins` are (who, attack): each is answered 200, and names what was asked for."""

    base: str
    callers: tuple[str, ...]
    attacks: tuple[Attack, ...]
    never: Mapping[str, str]
    twins: tuple[tuple[str, str, Attack], ...]


def get(path: str) -> Attack:
    """Give a twin that reads."""
    return Attack("twin", "GET", path, "ours")


def search(path: str) -> Attack:
    """Give a twin that searches."""
    return Attack("twin", "POST", path, "ours", form="search")


_READ = (("legal", "NEVER", get(CERT)), ("legal", "signer-99", get(CERT)))
_FOUND = (
    ("legal", "NEVER", search(f"{T}/_search?subject=Person/PERSON_NEVER")),
    ("legal", "signer-99", search(f"{T}/_search?_id=CERT_NEVER")),
    ("legal", "app-99", search(f"{T}/_search?request=Task/TASK_NEVER")),
)
_DONE = (
    ("legal", "NEVER", Attack("twin", "POST", f"{CERT}/$as-basic", "ours", NOTHING)),
    ("legal", "NEVER", Attack("twin", "POST", f"{CERT}/$as-document", "ours", NOTHING)),
)
_SEEN = (
    ("health", "system", get("Patient/PATIENT_NEVER")),
    ("health", "citizen", get("Observation/SEEN_NEVER")),
    ("health", "system", get("Patient/PATIENT_NEVER/_history")),
)
_GRAPH = (
    ("health", "system", get("Patient?_id=PATIENT_NEVER&_revinclude=Observation:subject")),
    ("health", "system", get("Patient?_id=PATIENT_NEVER&_has:Observation:subject:status=final")),
    ("health", "system", get("Observation?subject:Patient._id=PATIENT_NEVER")),
    ("health", "citizen", get("Patient/PATIENT_NEVER/$everything")),
    ("health", "citizen", get("Patient/PATIENT_NEVER/Observation")),
)
_BY_PLACE = (
    ("legal", "NEVER", get("Task/TASK_NEVER")),
    ("legal", "NEVER", get("Person/PERSON_NEVER")),
    ("legal", "NEVER", replace(get("Binary/CERT_NEVER"), headers=JSON)),
    ("legal", "NEVER", get("DocumentReference/CERT_NEVER")),
    ("legal", "NEVER", get(f"{CERT}/_history")),
    ("legal", "signer-99", get("Task/TASK_NEVER")),
)
_DECIDED = (("legal", "clerk-99", get("Task/TASK_OPEN")),)


def _classes() -> Iterator[tuple[str, Class]]:
    proven = {"by id": _READ, "operations": _DONE}
    for name, (made, forms) in across.CLASSES.items():
        tried = tuple(in_forms(made()) if forms else made())
        twins = proven.get(name, _FOUND)
        yield f"health → legal: {name}", Class("health", HEALTH, tried, across.NEVER, twins)
    for name, (made, _) in back.CLASSES.items():
        twins = _GRAPH if name == "graph" else _SEEN
        tried = tuple(in_forms(made()))
        yield f"legal → health: {name}", Class("legal", LEGAL, tried, back.NEVER, twins)
    inside = {"by id": _BY_PLACE, "search": _FOUND, "operations": _DONE, "decisions": _DECIDED,
              "operators": _FOUND}  # fmt: skip
    for name, (made, _) in within.CLASSES.items():
        who = OFFICERS if name == "decisions" else OTHERS
        yield f"inside legal: {name}", Class("legal", who, tuple(made()), {}, inside[name])


CLASSES = dict(_classes())


@cache
def tries(name: str) -> list[Try]:
    """Give every attack of a class by everybody who tries it."""
    one = CLASSES[name]
    return [Try(one.base, who, attack, one.never) for who in one.callers for attack in one.attacks]
