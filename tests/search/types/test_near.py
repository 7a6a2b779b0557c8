"""near: what lies within a distance of a place."""

import pytest
from msgspec import Raw

from fhir_server.fhir.errors import Invalid

HANOI = {"latitude": Raw(b"21.0285"), "longitude": Raw(b"105.8542")}


def location(position):
    return {"resourceType": "Location", "position": position}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("21.0285|105.8542|0", True),
        ("21.0285|105.8542", True),
        ("21.0285|105.8542|1|km", True),
        ("21.1|105.8542|9|km", True),
        ("21.1|105.8542|7.9", False),
        ("21.1|105.8542|7900|m", False),
        ("21.1|105.8542|5|[mi_us]", True),
        ("21.1|105.8542|4.9|mi", False),
        ("21.1|105.8542", True),
        ("21.2|105.8542", False),
        ("10.8231|106.6297|1140", True),
        ("10.8231|106.6297|1130", False),
        ("-90|0|20037", True),
        ("0|0|1e9|m", True),
        ("0|0|1,21.0285|105.8542|1", True),
    ],
)
def test_a_place_is_near_within_the_distance(search, value, expected):
    assert search.found(location(HANOI), ("near", value)) is expected


def test_the_date_line_divides_nothing(search):
    resource = location({"latitude": 0, "longitude": Raw(b"179.99")})
    assert search.found(resource, ("near", "0|-179.99|3"))


@pytest.mark.parametrize(
    "position",
    [
        {},
        {"latitude": 5},
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": -181},
        {"latitude": "5", "longitude": "5"},
        "x",
    ],
)
def test_what_is_no_position_is_left_out(search, position):
    assert "near" not in search.document(location(position))["x"]
    assert search.found(location(position), ("near:missing", "true"))


@pytest.mark.parametrize(
    "value",
    ["21", "21|", "|105", "x|y", "91|0", "0|181", "0|0|-1", "0|0|1|parsec", "0|0|1|km|x", "0|0|x"],
)
def test_what_is_no_place_is_refused(search, value):
    with pytest.raises(Invalid, match="near: "):
        search.ask("Location", ("near", value))


def test_a_distance_has_no_order(search):
    with pytest.raises(Invalid, match="parameters of type special have no order"):
        search.ask("Location", ("_sort", "near"))
