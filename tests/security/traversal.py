"""Attacks that start at what is the caller's and go on to what is not: includes, chains, `_has`.

Two kinds of resource stand between. A's own resource that points to patient C by any parameter, and
C's resource that points to A by a parameter that makes it no part of A's compartment.
"""

from collections.abc import Iterator
from functools import cache

from tests.oracle.definitions import parameter
from tests.oracle.path import evaluate
from tests.security.attacks import Attack
from tests.security.world import (
    OF,
    A,
    Planted,
    compartment,
    made_for,
    marked,
    person,
    pointing,
    shared,
    to_patients,
    types,
)

# Known to A, who refers to it; what is told of C is the secret.
C = "pat-c"
LONGEST = 64


@cache
def mine() -> tuple[Planted, ...]:
    """Give A's resources that point to C, by each parameter that may lead to a Patient."""
    found = []
    for type_, codes in compartment().items():
        for code in to_patients(type_):
            base = next((one for way in codes if (one := made_for(type_, way, A))), None)
            grown = base and pointing(base, code, C)
            if grown:
                id_ = f"mine-{type_.lower()[:24]}-{code}"[:LONGEST]
                found.append(Planted(type_, id_, code, {**marked(grown, A), "id": id_}))
    return tuple(found)


@cache
def foreign() -> tuple[Planted, ...]:
    """Give C's resources that point to A by a parameter that makes them no part of A's."""
    found = []
    for type_ in (one for one in types() if one not in shared()):
        members = compartment().get(type_, ())
        for code in set(to_patients(type_)) - set(members):
            base = next((one for way in members if (one := made_for(type_, way, C))), None)
            grown = pointing(base or {"resourceType": type_}, code, A)
            if grown and not named_by(grown, members):
                id_ = f"foreign-canary7f3a-{type_.lower()[:20]}-{code}"[:LONGEST]
                found.append(Planted(type_, id_, code, {**marked(grown, C), "id": id_}))
    return tuple(sorted(found, key=lambda one: one.id))


def persons() -> tuple[Planted, ...]:
    """Give the patient the others stand between."""
    return (Planted("Patient", C, "{def}", person(C)),)


def named_by(resource: dict, members: tuple[str, ...]) -> bool:
    """Say whether a parameter of the compartment leads to A after all, as `patient` does."""
    type_ = resource["resourceType"]
    expressions = (parameter(type_, code)["expression"] for code in members)
    found = (value for one in expressions for value in evaluate(one, resource))
    return any(f"Patient/{A}" in str(value.json) for value in found)


def included() -> Iterator[Attack]:
    """Include what A's own resources point to: I01, I02, I04."""
    for one in mine():
        for query in (f"_include={one.type}:{one.code}", f"_include={one.type}:*", "_include=*",
                      f"_include:iterate={one.type}:{one.code}"):  # fmt: skip
            yield Attack("I01", "GET", f"{one.type}?_id={one.id}&{query}", "ours")
    for one in foreign():
        yield Attack("I02", "GET", f"Patient?_id={A}&_revinclude={one.type}:{one.code}", "ours")
        yield Attack("I02", "GET", f"Patient?_id={A}&_revinclude={one.type}:*", "ours")
    yield Attack("I04", "GET", f"Patient?_id={A}&_revinclude=*:*", "ours")


def chained() -> Iterator[Attack]:
    """Ask of C through A's own resources; each would be a match if the chain went on: O02."""
    for one in mine():
        for query in (f"{one.code}:Patient._tag={OF}|{C}", f"{one.code}:Patient._id={C}",
                      f"{one.code}:Patient.identifier=http://example.org/citizen|099-{C}",
                      f"{one.code}:Patient.birthdate=lt1980"):  # fmt: skip
            asked = f"{one.type}?_tag={OF}|{A}&_id={one.id}&{query}"
            # The last is true of A too, where the resource leads there by the same parameter.
            yield Attack("O02", "GET", asked, "ours" if "birthdate" in query else "empty")


def reverse_chained() -> Iterator[Attack]:
    """Ask of A by what C's resources say: O04."""
    for one in foreign():
        for query in (f"_has:{one.type}:{one.code}:_tag={OF}|{C}",
                      f"_has:{one.type}:{one.code}:_id={one.id}"):  # fmt: skip
            yield Attack("O04", "GET", f"Patient?_id={A}&{query}", "empty")


def named() -> Iterator[Attack]:
    """Search by the parameter that is no membership: R11, R14."""
    for one in foreign():
        yield Attack("R11", "GET", f"{one.type}?{one.code}=Patient/{A}&_tag={OF}|{C}", "empty")


def everything() -> Iterator[Attack]:
    """Gather all about A; what is C's stays out: I09."""
    yield Attack("I09", "GET", f"Patient/{A}/$everything?_count=1000", "ours")
    for type_ in compartment():
        yield Attack("I07", "GET", f"Patient/{A}/{type_}?_count=1000", "ours")


CLASSES = {
    "includes": included,
    "chains": chained,
    "_has": reverse_chained,
    "no membership": named,
    "$everything": everything,
}
