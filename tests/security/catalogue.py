"""The classes of attacks on the FHIR API, each with who attacks, and their positive twins."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from tests.security import injection, reads, traversal, writes
from tests.security.attacks import Attack, in_forms
from tests.security.world import A, compartment, of

JSON = (("accept", "application/fhir+json"),)


@dataclass(frozen=True)
class Class:
    """`made` gives the attacks, each in its plain form; `attacker` is a name of conftest."""

    made: Callable[[], Iterable[Attack]]
    attacker: str = "citizen"


def _classes() -> Iterator[tuple[str, Class]]:
    for about, module in (
        ("reads", reads), ("traversal", traversal), ("injection", injection), ("writes", writes),
    ):  # fmt: skip
        for name, made in module.CLASSES.items():
            refers = about == "writes" and name == "references"
            yield f"{about}: {name}", Class(made, "citizen who refers" if refers else "citizen")
    for name, made in reads.CLASSES.items():
        yield f"reads, scopes v1: {name}", Class(made, "citizen v1")


CLASSES = dict(_classes())


@cache
def attacks(name: str) -> list[Attack]:
    """Give the attacks of a class in every form."""
    return list(in_forms(CLASSES[name].made()))


@cache
def twins() -> list[Attack]:
    """Ask for what is A's as the attacks ask for what is B's; `body` has to be in the answer."""
    found = []
    for one in of(A):
        if one.type == "Binary" and one.code:
            found.append(
                Attack("twin", "GET", f"Binary/{one.id}", "ours", '"bWluZQ=="', headers=JSON)
            )
        if one.type != "Patient" and one.code not in compartment().get(one.type, ()):
            continue
        id_ = f'"id":"{one.id}"'
        name = f"{one.type}/{one.id}"
        paths = [name, f"{name}/_history", f"{name}/_history/1", f"{one.type}?_id={one.id}"]
        if one.type != "Patient":
            paths.append(f"{one.type}?{one.code}=Patient/{A}&_count=1000")
        found += [Attack("twin", "GET", path, "ours", id_) for path in paths]
    return found
