"""Codes: the value sets that can be listed in full.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def enumerated(
    value_set: Mapping[str, Any],
    systems: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, frozenset[str]],
) -> frozenset[str] | None:
    """Give every code of a ValueSet, or None if it cannot be listed from what is at hand.

    `systems` are CodeSystem resources by url, `known` the codes of value sets it may import.
    """
    compose = value_set.get("compose", {})
    included = _all(compose.get("include", ()), systems, known)
    excluded = _all(compose.get("exclude", ()), systems, known)
    if not included or excluded is None:
        return None
    return included - excluded


def systems_of(value_set: Mapping[str, Any], known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Give the code systems a ValueSet takes codes from; `known` are those of others, by url."""
    found: set[str] = set()
    for clause in value_set.get("compose", {}).get("include", ()):
        if "system" in clause:
            found.add(clause["system"])
        else:
            found.update(*(known.get(bare(url), ()) for url in clause.get("valueSet", ())))
    return frozenset(found)


def _all(
    clauses: Sequence[Mapping[str, Any]],
    systems: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, frozenset[str]],
) -> frozenset[str] | None:
    found: set[str] = set()
    for clause in clauses:
        codes = _clause(clause, systems, known)
        if codes is None:
            return None
        found |= codes
    return frozenset(found)


def _clause(
    clause: Mapping[str, Any],
    systems: Mapping[str, Mapping[str, Any]],
    known: Mapping[str, frozenset[str]],
) -> frozenset[str] | None:
    if "filter" in clause:
        return None
    parts = [known.get(bare(url)) for url in clause.get("valueSet", ())]
    if "concept" in clause:
        parts.append(frozenset(concept["code"] for concept in clause["concept"]))
    elif "system" in clause:
        parts.append(_codes_of(systems.get(clause["system"])))
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(parts):
        return None
    return frozenset.intersection(*found)


def _codes_of(system: Mapping[str, Any] | None) -> frozenset[str] | None:
    if system is None or system.get("content") != "complete":
        return None
    return frozenset(_walk(system.get("concept", ())))


def _walk(concepts: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _walk(concept.get("concept", ()))


def bare(url: str) -> str:
    """Give a canonical URL without its version: `…/vs|4.0.1` → `…/vs`."""
    return url.partition("|")[0]
