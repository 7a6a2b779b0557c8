"""Closure: everything that is reached by following edges, one step after the other."""

from collections.abc import Collection, Mapping


def closure(edges: Mapping[str, Collection[str]], start: str) -> frozenset[str]:
    """Give `start` and all that edges lead to from it; a cycle is walked once.

    Over a CodeSystem's `children` this is what is subsumed by a code, over its `parents` what
    subsumes it: https://hl7.org/fhir/R4/codesystem.html#hierarchy
    """
    found = {start}
    waiting = [start]
    while waiting:
        for reached in edges.get(waiting.pop(), ()):
            if reached not in found:
                found.add(reached)
                waiting.append(reached)
    return frozenset(found)


def subsumption(children: Mapping[str, Collection[str]], one: str, other: str) -> str:
    """Give how a code relates to another of the system: `subsumes` where `other` is a kind of it.

    https://hl7.org/fhir/R4/valueset-concept-subsumption-outcome.html
    """
    if one == other:
        return "equivalent"
    if other in closure(children, one):
        return "subsumes"
    return "subsumed-by" if one in closure(children, other) else "not-subsumed"
