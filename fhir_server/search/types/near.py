"""`near`: positions within a distance, indexed as a point `[longitude, latitude]` of degrees.

https://hl7.org/fhir/R4/location.html#positional
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import pi
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.search.collect import Writes
from fhir_server.search.condition import Condition, Present, Within, either
from fhir_server.search.escape import split, unescape
from fhir_server.search.match import EARTH_RADIUS
from fhir_server.search.numbers import indexed, written
from fhir_server.search.place import Place
from fhir_server.spec.spec import SearchParam

DEFAULT_KILOMETRES = 10.0
KILOMETRES = {"km": 1.0, "m": 0.001, "[mi_us]": 1.609347, "mi": 1.609344, "[mi_i]": 1.609344}


def _add(value: Any, _place: Place, found: list[float]) -> None:
    if isinstance(value, dict) and not found:
        longitude, latitude = (indexed(value.get(name)) for name in ("longitude", "latitude"))
        if longitude is not None and latitude is not None and _on_globe(latitude, longitude):
            found += [float(longitude), float(latitude)]


# `{code: [longitude, latitude]}` of a position on the globe, the first there is.
WRITES = Writes(lambda _: _add, {"": list})


def _near(param: SearchParam, alternatives: Sequence[str], _place: Place) -> Condition:
    return either(*(_within(f"x.{param.code}", value) for value in alternatives))


MODIFIERS: Mapping[str, Callable[[SearchParam, Sequence[str], Place], Condition]] = {
    "": _near,
}


def _within(field: str, value: str) -> Condition:
    """Read `latitude|longitude|distance|units`; the last two may be left out."""
    parts = [unescape(part) for part in split(value, "|")]
    latitude, longitude, distance, unit, *more = [*parts, *[""] * (4 - len(parts))]
    if more or not longitude:
        told = f"{value[:64]!r} has to be latitude|longitude|distance|units."
        raise Invalid(told, code="value")
    north, east = written(latitude).value, written(longitude).value
    if not _on_globe(north, east):
        raise Invalid(f"{value[:64]!r} is no place on the globe.", code="value")
    if unit and unit not in KILOMETRES:
        known = ", ".join(KILOMETRES)
        raise Invalid(f"{unit[:32]!r} is no unit of distance here; known: {known}.", code="value")
    kilometres = DEFAULT_KILOMETRES
    if distance:
        kilometres = float(written(distance).value) * KILOMETRES[unit or "km"]
    if kilometres < 0:
        raise Invalid("a distance is not below 0.", code="value")
    if kilometres >= pi * EARTH_RADIUS:
        return Present(field)
    return Within(field, float(east), float(north), kilometres)


def _on_globe(latitude: Decimal, longitude: Decimal) -> bool:
    return abs(latitude) <= 90 and abs(longitude) <= 180  # noqa: PLR2004 (degrees)
