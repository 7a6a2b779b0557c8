"""`near`: locations within a distance of a point.

https://hl7.org/fhir/R4/location.html#positional
"""

import math

from tests.oracle.definitions import Value
from tests.oracle.words import split
from tests.oracle.world import World

KILOMETRES = {"km": 1.0, "m": 0.001, "[mi_us]": 1.609347218694437, "[mi_i]": 1.609344}
# The mean radius of the Earth, km.
RADIUS = 6371.0088


def near(text: str, value: Value, _world: World) -> bool:
    """`latitude|longitude|distance|unit`, in kilometres where no unit is said."""
    latitude, longitude, distance, *unit = split(text, "|")
    limit = float(distance) * KILOMETRES[unit[0] if unit and unit[0] else "km"]
    here = (float(value.json["latitude"]), float(value.json["longitude"]))
    return kilometres(here, (float(latitude), float(longitude))) <= limit


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Give the distance of two points on the great circle."""
    (lat1, lon1), (lat2, lon2) = (map(math.radians, point) for point in (one, other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * RADIUS * math.asin(math.sqrt(half))


MODIFIERS = {"": near}
