"""A field profile: a named list of fields, each a FHIRPath that finds it in a visit's resources.

Written as a Measure: a group for each field, its numerator says where the field stands, its
denominator, if any, when it is asked for. https://hl7.org/fhir/R4/measure.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhirpath.language import Environment, Expression, compile_expression
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.spec import Spec

_WORD = re.compile(r"\b[A-Z][A-Za-z]+\b")

Resource = dict[str, Any]


class ProfileError(ValueError):
    """A field profile that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Field:
    """`present` yields something where the field is filled, `applies` where it is asked for."""

    code: str
    name: str
    present: str
    applies: str = ""


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """Fields under a name such as `skdt-46`."""

    name: str
    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many fields of a profile a visit is asked for, and the codes of those it lacks."""

    profile: str
    asked: int
    missing: tuple[str, ...] = ()


def profiles_in(folder: Path) -> tuple[FieldProfile, ...]:
    """Give the profiles of a folder's active Measures; ProfileError for one that cannot be read."""
    read = (_measure(path) for path in sorted(folder.glob("*.json")))
    return tuple(profile for profile in read if profile is not None)


def _measure(path: Path) -> FieldProfile | None:
    try:
        measure = json.parse_object(path.read_bytes())
        if measure.get("resourceType") != "Measure" or measure.get("status") != "active":
            return None
        fields = tuple(_field(group) for group in measure["group"])
        return FieldProfile(measure["id"], measure.get("title", measure["id"]), fields)
    except (Invalid, KeyError, IndexError, TypeError) as error:
        raise ProfileError(f"{path.name} is no field profile: {error!r}") from None


def _field(group: Mapping[str, Any]) -> Field:
    expressions = {
        population["code"]["coding"][0]["code"]: population["criteria"]["expression"]
        for population in group["population"]
    }
    code = group["code"]
    return Field(
        code["coding"][0]["code"],
        code.get("text", ""),
        expressions["numerator"],
        expressions.get("denominator", ""),
    )


def check(spec: Spec, profiles: Iterable[FieldProfile]) -> None:
    """Compile every expression; ProfileError names one that is no FHIRPath of these types."""
    for profile in profiles:
        _compiled(spec, profile)


def completeness(
    spec: Spec, profile: FieldProfile, resources: Sequence[Resource], now: datetime
) -> Completeness:
    """Judge a visit's resources, in whatever order, by a profile."""
    by_type: dict[str, list[Resource]] = {}
    for resource in resources:
        by_type.setdefault(resource["resourceType"], []).append(resource)
    asked = [
        (code, present)
        for code, present, applies in _compiled(spec, profile)
        if applies is None or applies.finds(by_type, now)
    ]
    missing = tuple(code for code, present in asked if not present.finds(by_type, now))
    return Completeness(profile.name, len(asked), missing)


@dataclass(frozen=True, slots=True)
class _Finder:
    """An expression, and the resource types it names: on others it yields nothing."""

    expression: Expression
    types: tuple[str, ...]

    def finds(self, by_type: Mapping[str, Sequence[Resource]], now: datetime) -> bool:
        """Say whether it yields something on any of the resources."""
        return any(self._yields(one, now) for one in self._wanted(by_type))

    def _wanted(self, by_type: Mapping[str, Sequence[Resource]]) -> Iterator[Resource]:
        return (one for type_ in self.types for one in by_type.get(type_, ()))

    def _yields(self, resource: Resource, now: datetime) -> bool:
        item = (resource["resourceType"], resource, None)
        try:
            return bool(self.expression.evaluate(item, Environment(item, item, now=now)))
        except FhirPathError:
            # An expression that cannot be evaluated on this visit has found nothing there.
            return False


@lru_cache(maxsize=64)
def _compiled(spec: Spec, profile: FieldProfile) -> tuple[tuple[str, _Finder, _Finder | None], ...]:
    return tuple(
        (
            field.code,
            _finder(spec, profile, field.present),
            _finder(spec, profile, field.applies) if field.applies else None,
        )
        for field in profile.fields
    )


def _finder(spec: Spec, profile: FieldProfile, text: str) -> _Finder:
    types = tuple(dict.fromkeys(word for word in _WORD.findall(text) if word in spec.types))
    if not types:
        raise ProfileError(f"{profile.name}: {text!r} names no resource type.")
    try:
        return _Finder(compile_expression(spec.structures, text), types)
    except FhirPathError as error:
        raise ProfileError(f"{profile.name}: {error}") from None
