"""ValueSet: the resource → the clauses that say which codes are in it.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.code_system import Concept


@dataclass(frozen=True, slots=True)
class Filter:
    """Codes are chosen by a property: `property` `op` `value`."""

    property: str
    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Clause:
    """Codes that are in a system, as far as listed and filtered, and in all of `value_sets`.

    `system` is a canonical, `url` or `url|version`, or empty. `codes` are those listed, in order,
    each with its display and designations as far as they are given; None where there is no list.
    """

    system: str = ""
    codes: Mapping[str, Concept] | None = None
    filters: tuple[Filter, ...] = ()
    value_sets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ValueSet:
    """What is included, without what is excluded; `active`: codes that are inactive are not.

    `resource` is all of it.
    """

    url: str
    version: str
    include: tuple[Clause, ...]
    exclude: tuple[Clause, ...] = ()
    active: bool = False
    resource: Mapping[str, Any] = field(default_factory=dict, repr=False)


def value_set_of(resource: Mapping[str, Any]) -> ValueSet:
    """Give the ValueSet of a resource; one without a composition is what its expansion lists.

    Raises Invalid where there is neither, or only a part of an expansion.
    """
    url, version = resource.get("url", ""), resource.get("version", "")
    compose = resource.get("compose")
    if compose is None:
        clauses = _expanded(url, resource.get("expansion", {}))
        return ValueSet(url, version, clauses, resource=resource)
    return ValueSet(
        url=url,
        version=version,
        include=_clauses(compose.get("include", ())),
        exclude=_clauses(compose.get("exclude", ())),
        active=compose.get("inactive") is False,
        resource=resource,
    )


def _clauses(rows: Iterable[Mapping[str, Any]]) -> tuple[Clause, ...]:
    return tuple(_clause(row) for row in rows)


def _clause(row: Mapping[str, Any]) -> Clause:
    system = row.get("system", "")
    if system and row.get("version"):
        system = f"{system}|{row['version']}"
    listed = row.get("concept")
    return Clause(
        system=system,
        codes=None if listed is None else {one.get("code", ""): one for one in listed},
        filters=tuple(
            Filter(one.get("property", ""), one.get("op", ""), one.get("value", ""))
            for one in row.get("filter", ())
        ),
        # In JSON a null may stand for a value that has only extensions.
        value_sets=tuple(one for one in row.get("valueSet", ()) if one),
    )


def _expanded(url: str, expansion: Mapping[str, Any]) -> tuple[Clause, ...]:
    by_system: dict[str, dict[str, Concept]] = {}
    listed = 0
    for row in _contained(expansion.get("contains", ())):
        listed += 1
        if row.get("code") and row.get("system") and not row.get("abstract"):
            by_system.setdefault(row["system"], {})[row["code"]] = row
    total = expansion.get("total", listed)
    if not listed or total != listed:
        raise Invalid(
            f"The ValueSet {url[:200]!r} has neither a compose nor an expansion of all its codes.",
            code="not-found",
        )
    return tuple(Clause(system, codes) for system, codes in by_system.items())


def _contained(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    waiting = list(reversed(list(rows)))
    while waiting:
        row = waiting.pop()
        yield row
        waiting += reversed(row.get("contains", ()))
