"""Searches no index serves are warned of or refused; plans are told to whoever may see them."""

import pytest

from fhir_server.access import decide
from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions import cost, totals
from fhir_server.interactions.context import Limits
from fhir_server.search.condition import Everything, Nothing
from fhir_server.search.query import SearchQuery
from fhir_server.store import costs
from fhir_server.store.costs import Facts
from fhir_server.store.joins import Bounds
from tests.client import health, issues


@pytest.fixture
def base(store, spec):
    """Give a base of two patients, with limits of one's own."""

    def opened(**limits):
        return health(store, spec, **limits)

    return opened


async def filled(fhir, patient):
    for number in range(2):
        await fhir.put(f"Patient/p{number}", {**patient, "id": f"p{number}"})


def told(answer):
    entries = [one for one in answer.json().get("entry", ()) if one["search"]["mode"] == "outcome"]
    return [issue for one in entries for issue in one["resource"]["issue"]]


async def test_a_search_that_scans_a_large_type_is_warned_of(base, patient):
    async with base(scan_warning=1) as fhir:
        await filled(fhir, patient)
        answer = await fhir.get("Patient?gender=female")
        [issue] = told(answer)
        assert (issue["severity"], issue["code"]) == ("warning", "too-costly")
        assert "by gender" in issue["diagnostics"]
        assert len(answer.json()["entry"]) == 3
        for served in ("Patient?_id=p1", "Patient", "Patient?gender=female&_count=0"):
            assert told(await fhir.get(served)) == [], served
        ordered = told(await fhir.get("Patient?_sort=gender"))
        assert "in the order of gender" in ordered[0]["diagnostics"]


async def test_a_small_type_is_scanned_without_a_word(base, patient):
    async with base(scan_warning=2) as fhir:
        await filled(fhir, patient)
        assert told(await fhir.get("Patient?gender=female")) == []


async def test_a_type_that_cannot_be_counted_in_time_is_searched_and_warned_of(
    base, patient, monkeypatch
):
    monkeypatch.setattr(costs, "COUNT_SECONDS", 0.000_001)
    async with base() as fhir:
        await filled(fhir, patient)
        answer = await fhir.get("Patient?gender=female")
        assert len(answer.json()["entry"]) == 3
        assert "more resources than" in told(answer)[0]["diagnostics"]


async def test_a_search_that_scans_a_type_too_large_is_refused(base, patient):
    async with base(scan_warning=0, scan_limit=1) as fhir:
        await filled(fhir, patient)
        answer = await fhir.get("Patient?gender=female")
        assert (answer.status_code, issues(answer)[0]["code"]) == (422, "too-costly")
        assert "Narrow it by one of: _id" in issues(answer)[0]["diagnostics"]
        assert (await fhir.get("Patient?gender=female&_id=p1")).status_code == 200


def test_nothing_is_found_without_reading():
    query = SearchQuery("Patient", Everything())
    assert not cost.planned(query, Nothing(), Facts(10, ())).scans


async def test_a_plan_is_told_without_anybodys_data(fhir, patient):
    await filled(fhir, patient)
    answer = await fhir.get("Patient?name=buoi&_sort=-birthdate&__explain=true")
    lines = [issue["diagnostics"] for issue in told(answer)]
    assert {issue["severity"] for issue in told(answer)} == {"information"}
    assert lines[0].startswith("No index serves it")
    assert any("documents examined" in line for line in lines)
    assert "buoi" not in " ".join(lines)
    counted = told(await fhir.get("Patient?_summary=count&__explain=true"))
    assert counted[0]["diagnostics"] == "By the index _id."
    assert told(await fhir.get("Patient?__explain=false")) == []


async def test_a_plan_is_for_those_who_may_see_it(fhir, patient, monkeypatch):
    def decided(_caller, interaction, *_asked):
        if interaction == "$explain":
            raise Forbidden("no")
        return Everything()

    monkeypatch.setattr(decide, "decide", decided)
    assert (await fhir.get("Patient?__explain=true")).status_code == 403
    assert (await fhir.get("Patient")).status_code == 200


async def test_a_slow_search_is_noted_by_its_shape(base, patient):
    async with base(slow_search_ms=0) as fhir:
        await filled(fhir, patient)
        for name in ("buoi", "nguyen"):
            await fhir.get(f"Patient?name={name}&_sort=-birthdate")
            await fhir.context.store.costs.close()
        [noted] = await fhir.context.store.costs.noted()
    assert (noted.shape.type, noted.count) == ("Patient", 2)
    assert (noted.shape.ranges, noted.shape.order[0]) == (("x.name",), ("x.birthdate.lo", -1))


async def test_a_search_that_is_not_slow_is_not_noted(base, patient):
    async with base(slow_search_ms=60_000) as fhir:
        await filled(fhir, patient)
        await fhir.get("Patient?name=buoi")
        await fhir.context.store.costs.close()
        assert await fhir.context.store.costs.noted() == []


async def test_a_search_that_takes_too_long_is_refused(base, patient):
    async with base() as fhir:
        fhir.context.store._bounds = Bounds(seconds=0.000_001)
        answer = await fhir.get("Patient?name=buoi")
        assert (answer.status_code, issues(answer)[0]["code"]) == (422, "too-costly")


class Slow:
    """A store that never counts in time, and estimates what it is told to."""

    def __init__(self, estimate):
        self.costs = self
        self.value = estimate

    async def count(self, *_):
        return None

    async def estimate(self, *_):
        return self.value


class Asked:
    """As much of a Context as a total needs."""

    limits = Limits()

    def __init__(self, estimate):
        self.store = Slow(estimate)


@pytest.mark.parametrize(
    ("asked", "estimate", "severities"),
    [("accurate", 70, ["warning"]), ("estimate", 70, []), ("accurate", None, ["warning"])],
)
async def test_a_total_that_is_an_estimate_says_so(asked, estimate, severities):
    said = []
    query = SearchQuery("Patient", Everything(), total=asked)
    total = await totals.total(Asked(estimate), query, Everything(), said)
    assert total == estimate
    assert [issue.severity for issue in said] == severities


async def test_a_summary_of_counts_is_accurate_or_says_it_is_not():
    said = []
    query = SearchQuery("Patient", Everything(), count=0, summary="count")
    assert await totals.total(Asked(70), query, Everything(), said) == 70
    assert "estimate" in said[0].diagnostics


async def test_a_total_is_not_counted_unasked():
    assert (
        await totals.total(Asked(70), SearchQuery("Patient", Everything()), Everything(), [])
        is None
    )
