"""The oracle over several resources: joins, compartments, includes, order."""

import pytest

from tests.oracle.includes import included
from tests.oracle.oracle import in_order, search, search_types, within
from tests.oracle.world import world_of

BASE = "http://example.org/fhir"


JOINED = world_of(
    {"resourceType": "Organization", "id": "1", "name": "Bạch Mai"},
    {
        "resourceType": "Patient",
        "id": "1",
        "name": [{"family": "Peter"}],
        "managingOrganization": {"reference": "Organization/1"},
    },
    {"resourceType": "Patient", "id": "2", "name": [{"family": "Peter"}]},
    {
        "resourceType": "Observation",
        "id": "1",
        "subject": {"reference": f"{BASE}/Patient/1"},
        "code": {"coding": [{"code": "1234-5"}]},
    },
    {"resourceType": "Observation", "id": "2", "subject": {"reference": "Group/1"}},
    {"resourceType": "Observation", "id": "3", "subject": {"reference": "Patient/77"}},
    {"resourceType": "List", "id": "9", "entry": [{"item": {"reference": "Patient/2"}}]},
)


@pytest.mark.parametrize(
    ("type_", "name", "value", "expected"),
    [
        ("Observation", "subject:Patient.name", "peter", ["1"]),
        ("Observation", "patient.name", "peter", ["1"]),
        ("Observation", "subject.organization.name", "bach mai", ["1"]),
        ("Patient", "organization:missing", "true", ["2"]),
        ("Patient", "_has:Observation:patient:code", "1234-5", ["1"]),
        (
            "Organization",
            "_has:Patient:organization:_has:Observation:patient:code",
            "1234-5",
            ["1"],
        ),
        ("Patient", "_list", "9", ["2"]),
        ("Patient", "_list", "8", []),
    ],
)
def test_resources_are_found_through_others(type_, name, value, expected):
    assert search(JOINED, type_, [(name, value)]) == expected


def test_a_compartment_holds_its_root_and_what_refers_to_it_as_listed():
    root = ("Patient", "1")
    held = [
        (type_, id_)
        for type_, rows in JOINED.resources.items()
        for id_, row in rows.items()
        if within(JOINED, row, root)
    ]
    assert held == [("Patient", "1"), ("Observation", "1")]


def test_several_types_come_by_type_by_id_or_by_time():
    times = {("Patient", "1"): "2001", ("Patient", "2"): "2003", ("Group", "1"): "2002"}
    rows = [
        {"resourceType": type_, "id": id_, "meta": {"lastUpdated": f"{year}-01-01T00:00:00Z"}}
        for (type_, id_), year in times.items()
    ]
    orders = {
        "": ["Group/1", "Patient/1", "Patient/2"],
        "_id": ["Group/1", "Patient/1", "Patient/2"],
        "-_id": ["Patient/2", "Patient/1", "Group/1"],
        "_lastUpdated": ["Patient/1", "Group/1", "Patient/2"],
    }
    for key, expected in orders.items():
        ordered = search_types(world_of(*rows), ["Patient", "Group"], [("_sort", key)])
        assert ["/".join(here) for here in ordered] == expected, key


def test_includes_bring_along_what_is_here_and_no_match_twice():
    observation, patient = ("Observation", "1"), ("Patient", "1")
    organization = ("Organization", "1")
    for asked, matches, expected in [
        ([("_include", "Observation:subject")], {observation}, {patient}),
        ([("_include", "Observation:subject:Group")], {observation}, set()),
        ([("_include", "*")], {observation, patient}, {organization}),
        ([("_revinclude", "Observation:subject")], {patient}, {observation}),
        (
            [("_include", "Observation:patient"), ("_include:iterate", "Patient:organization")],
            {observation},
            {patient, organization},
        ),
        (
            [("_include", "Observation:patient"), ("_include", "Patient:organization")],
            {observation},
            {patient},
        ),
    ]:
        assert included(JOINED, matches, asked) == expected, asked


def test_a_comma_means_or_and_a_repetition_and():
    assert search(JOINED, "Patient", [("_id", "1,2")]) == ["1", "2"]
    assert search(JOINED, "Patient", [("_id", "1,2"), ("_id", "2")]) == ["2"]
    comma = world_of({"resourceType": "Patient", "id": "1", "name": [{"family": "a, b"}]})
    assert search(comma, "Patient", [("family:exact", r"a\, b")]) == ["1"]


def test_what_has_no_value_comes_last_and_ties_go_by_id():
    rows = [
        {"resourceType": "Patient", "id": "1"},
        {"resourceType": "Patient", "id": "2", "birthDate": "2000"},
        {"resourceType": "Patient", "id": "3", "birthDate": "1990", "name": [{"text": "Ánh"}]},
        {"resourceType": "Patient", "id": "4", "birthDate": "2000", "name": [{"text": "anh b"}]},
        {"resourceType": "Patient", "id": "5"},
    ]
    for keys, expected in [
        ("birthdate", "32415"),
        ("-birthdate", "42351"),
        ("birthdate,-name", "34251"),
        ("-birthdate,name", "42315"),
        ("_id", "12345"),
        ("-_id", "54321"),
    ]:
        ordered = in_order(world_of(*rows), rows, keys.split(","))
        assert "".join(row["id"] for row in ordered) == expected, keys


def test_of_several_values_the_first_in_the_direction_counts():
    def named(id_, *families):
        names = [{"family": family} for family in families]
        return {"resourceType": "Patient", "id": id_, "name": names}

    rows = [named("1", "a", "z"), named("2", "b"), named("3", "y")]
    for keys, expected in [("family", "123"), ("-family", "132")]:
        ordered = in_order(world_of(*rows), rows, [keys])
        assert "".join(row["id"] for row in ordered) == expected
