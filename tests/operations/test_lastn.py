"""Observation/$lastn: the last of each kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.operations import lastn as operation
from fhir_server.operations.lastn import grouped
from tests.client import issues
from tests.operations.persons import parameters, patient, put

LOINC = "http://loinc.org"


async def result(fhir, id_, when=None, *codes, text=None, subject="p", **more):
    code = {"coding": [{"system": system, "code": one} for system, one in codes]} if codes else {}
    if text:
        code["text"] = text
    if when:
        more["effectiveDateTime"] = when
    subject_ = {"reference": f"Patient/{subject}"}
    return await put(fhir, "Observation", id_, status="final", code=code, subject=subject_, **more)


PULSE, WEIGHT, LOCAL = (LOINC, "718-7"), (LOINC, "2345-7"), ("http://example.org/lab", "w")


async def results(fhir):
    await patient(fhir, "p")
    await patient(fhir, "q")
    await result(fhir, "pulse-1", "2026-01-01", PULSE)
    await result(fhir, "pulse-2", "2026-01-02", PULSE)
    await result(fhir, "pulse-3", "2026-01-03T10:00:00+07:00", PULSE)
    await result(fhir, "weight-1", "2026-02-01", WEIGHT)
    await result(fhir, "weight-2", "2026-02-02", WEIGHT, LOCAL)
    await result(fhir, "weight-3", "2026-02-03", LOCAL)
    await result(fhir, "undated", None, PULSE)
    await result(fhir, "other", "2026-03-01", PULSE, subject="q")


def ids(response):
    assert response.status_code == 200, response.text
    found = response.json()
    entries = found.get("entry", ())
    assert found["total"] == len(entries)
    assert {one["search"]["mode"] for one in entries} <= {"match"}
    return [one["resource"]["id"] for one in entries]


async def test_the_last_of_each_kind_newest_kind_first(fhir):
    await results(fhir)
    assert ids(await fhir.get("Observation/$lastn?patient=p")) == ["weight-3", "pulse-3"]
    found = ids(await fhir.get("Observation/$lastn?subject=Patient/p&max=2"))
    assert found == ["weight-3", "weight-2", "pulse-3", "pulse-2"]


async def test_without_a_time_is_oldest(fhir):
    await results(fhir)
    found = ids(await fhir.get(f"Observation/$lastn?patient=p&max=9&code={LOINC}|718-7"))
    assert found == ["pulse-3", "pulse-2", "pulse-1", "undated"]


async def test_search_parameters_narrow_what_is_looked_at(fhir):
    await results(fhir)
    assert ids(await fhir.get("Observation/$lastn?patient=p&date=lt2026-01-03")) == ["pulse-2"]
    assert ids(await fhir.get("Observation/$lastn?patient=p&status:not=final")) == []


async def test_parameters_in_a_body_are_the_same(fhir):
    await results(fhir)
    body = parameters(
        {"name": "max", "valuePositiveInt": 2},
        {"name": "patient", "valueString": "Patient/p"},
        {"name": "date", "valueString": "ge2026-01-02"},
        {"name": "date", "valueString": "lt2026-02-01"},
    )
    assert ids(await fhir.post("Observation/$lastn", body)) == ["pulse-3", "pulse-2"]


async def test_without_codings_the_text_counts(fhir):
    await patient(fhir, "p")
    await result(fhir, "a", "2026-01-01", text="mood")
    await result(fhir, "b", "2026-01-02", text="mood")
    await result(fhir, "c", "2026-01-03", text="sleep")
    await result(fhir, "d", "2026-01-04", PULSE, text="mood")
    assert ids(await fhir.get("Observation/$lastn?patient=p")) == ["d", "c", "b"]


async def test_the_same_code_in_another_system_is_another_kind(fhir):
    await patient(fhir, "p")
    await result(fhir, "a", "2026-01-01", (LOINC, "1"))
    await result(fhir, "b", "2026-01-02", ("http://example.org/lab", "1"))
    assert ids(await fhir.get("Observation/$lastn?patient=p")) == ["b", "a"]


async def test_the_self_link_says_what_was_asked(fhir):
    await results(fhir)
    response = await fhir.get("Observation/$lastn?patient=p&date=lt2026-01-03&max=2")
    (link,) = response.json()["link"]
    again = await fhir.get(link["url"].partition("/fhir/")[2])
    assert ids(again) == ids(response) == ["pulse-2", "pulse-1"]


@pytest.mark.parametrize("bound", ["MAX_LOOKED_AT", "MAX_GIVEN"])
async def test_too_much_is_refused(fhir, monkeypatch, bound):
    await results(fhir)
    monkeypatch.setattr(operation, bound, 3)
    response = await fhir.get("Observation/$lastn?patient=p&max=2")
    assert response.status_code == 422
    assert issues(response)[0]["code"] == "too-costly"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "max=3",
        "code=1",
        "patient=p&max=0",
        "patient=p&max=x",
        "patient=p&max=1&max=2",
        "patient=p&colour=red",
        "patient=p&_count=3",
        "patient=p&_sort=-date",
        "patient=p&date=yesterday",
        "patient:missing=perhaps",
    ],
)
async def test_a_search_that_cannot_be_read_or_is_of_nobody_is_refused(fhir, query):
    response = await fhir.get(f"Observation/$lastn?{query}")
    assert response.status_code == 400, response.text
    assert issues(response)[0]["diagnostics"]


@given(st.lists(st.sets(st.integers(0, 6), min_size=1, max_size=3), max_size=12))
def test_groups_are_the_connected_kinds(kinds):
    told = {str(place): [str(one) for one in some] for place, some in enumerate(kinds)}
    groups = grouped(told, told)
    assert sorted(id_ for group in groups for id_ in group) == sorted(told)
    for group in groups:
        inside = set().union(*(told[id_] for id_ in group))
        outside = [kind for id_ in told if id_ not in group for kind in told[id_]]
        assert inside.isdisjoint(outside)
        reached = {group[0]}
        while more := {
            id_
            for id_ in group
            if id_ not in reached and any(set(told[id_]) & set(told[one]) for one in reached)
        }:
            reached |= more
        assert reached == set(group)
