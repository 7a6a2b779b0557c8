"""A field profile: a named list of fields, each a FHIRPath that finds it in a visit's resources.

Written as a Measure: a group for each field, its numerator says where the field stands, its
denominator, if any, when it is asked for. https://hl7.org/fhir/R4/measure.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from msgspec import structs

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhirpath.language import Environment, Expression, Item, compile_expression
from fhir_server.fhirpath.syntax import FhirPathError
from fhir_server.spec.spec import Spec

_WORD = re.compile(r"\b[A-Z][A-Za-z]+\b")
# %resource and its kin, resolve() of what is contained.
_AROUND = ("%", "resolve")

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


@dataclass(frozen=True, slots=True, eq=False)
class FieldProfile:
    """Fields under a name such as `skdt-46`; what is compiled of it is remembered by it."""

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
    by_type: dict[str, list[Item]] = {}
    for resource in resources:
        type_: str = resource["resourceType"]
        by_type.setdefault(type_, []).append((type_, resource, None))
    # Many fields are asked for by the same expression.
    finds = cache(partial(_finds, by_type, Environment(now=now)))
    asked = [
        (code, present)
        for code, present, applies in _compiled(spec, profile)
        if applies is None or finds(applies)
    ]
    missing = tuple(code for code, present in asked if not finds(present))
    return Completeness(profile.name, len(asked), missing)


@dataclass(frozen=True, slots=True)
class _Finder:
    """An expression, the resource types it names (on others it yields nothing).

    `around`: it may ask for the resource it stands in.
    """

    expression: Expression
    types: tuple[str, ...]
    around: bool


def _finds(by_type: Mapping[str, Sequence[Item]], environment: Environment, one: _Finder) -> bool:
    """Say whether an expression yields something on any of the resources."""
    return any(
        _yields(one, item, environment) for type_ in one.types for item in by_type.get(type_, ())
    )


def _yields(one: _Finder, item: Item, environment: Environment) -> bool:
    if one.around:
        environment = structs.replace(environment, resource=item, root=item)
    try:
        return bool(one.expression.evaluate(item, environment))
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
        around = any(word in text for word in _AROUND)
        return _Finder(compile_expression(spec.structures, text), types, around)
    except FhirPathError as error:
        raise ProfileError(f"{profile.name}: {error}") from None
