"""$sla-report: by issuer, lane and rule, for officers of the issuer."""

import json
from dataclasses import replace
from datetime import date

import pytest

from extensions.judicial_record.law.days import end_of
from extensions.judicial_record.terms.sla_report import operation
from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import Forbidden, Invalid, Unprocessable
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from tests.extensions.judicial_record.terms.dossiers import (
    ACCEPTED,
    DUE,
    at,
    dossier,
    office,
    put,
    worked,
)

OFFICER = Caller("clerk", user="Practitioner/clerk", organisations=("police",), unrestricted=True)
JULY = (("from", "2026-07-01"), ("to", "2026-07-31"))
NOW = at(2026, 7, 20)


async def report(where, caller=OFFICER, parameters=JULY, now=NOW):
    request = FhirRequest("GET", "$sla-report", parameters=parameters)
    handler = operation(office(now)).handler
    answer = await handler(where.but(caller=caller), request, Target(operation="sla-report"))
    told = json.loads(answer.body)
    return [
        {
            part["name"]: next(value for name, value in part.items() if name != "name")
            for part in row["part"]
        }
        for row in told.get("parameter", ())
    ]


def signed(id_, lane, when, **more):
    told = dossier(id_, state="10", **more)
    return told, worked(told, "9", lane, when)


async def test_dossiers_are_added_up_by_issuer_lane_and_rule(where):
    await put(
        where,
        *signed("a", "clean", ACCEPTED + 86_400_000_000),
        *signed("b", "clean", end_of(DUE)),
        *signed("c", "clean", end_of(DUE) + 1),
        dossier("d", state="2"),
        dossier("e", state="2", accepted=at(2026, 7, 17)),
        dossier("f", state="3"),
        dossier("g", state="1", accepted=None),
    )
    clean, unchecked = await report(where)
    assert {name: clean[name] for name in ("issuer", "lane", "rule")} == {
        "issuer": {"reference": "Organization/police"},
        "lane": "clean",
        "rule": "sla-2025|1",
    }
    counts = ("received", "on-time", "late", "ended", "open", "overdue")
    assert [clean[name] for name in counts] == [3, 2, 1, 0, 0, 0]
    assert [unchecked[name] for name in counts] == [3, 0, 0, 1, 2, 1]
    assert (clean["median-days"], clean["p95-days"]) == (7.5, 7.5)
    assert "median-days" not in unchecked


async def test_days_on_hold_do_not_count(where):
    held = [(at(2026, 7, 6), at(2026, 7, 9))]
    await put(where, *signed("a", "hit", at(2026, 7, 13), pauses=held))
    (row,) = await report(where)
    assert row["median-days"] == 7.0
    assert row["on-time"] == 1


async def test_an_officer_sees_the_bodies_he_works_for(where):
    await put(where, dossier("a"), dossier("b", owner="elsewhere"))
    assert [row["issuer"]["reference"] for row in await report(where)] == ["Organization/police"]
    both = replace(OFFICER, organisations=("police", "elsewhere"))
    assert len(await report(where, both)) == 2


@pytest.mark.parametrize(
    "caller",
    [
        Caller("holder", user="Person/holder", organisations=("police",), unrestricted=True),
        Caller("app", client="app", unrestricted=True),
        Caller("nobody", user="Practitioner/x", unrestricted=True),
    ],
)
async def test_nobody_else_gets_a_report(where, caller):
    with pytest.raises(Forbidden):
        await report(where, caller)


async def test_a_token_without_the_scope_gets_none(where):
    with pytest.raises(Forbidden, match="sla-report"):
        await report(where, replace(OFFICER, unrestricted=False))


async def test_days_are_viet_nams_and_both_are_included(where):
    midnight = at(2026, 7, 1, 0) + 3_600_000_000
    await put(where, dossier("a", accepted=midnight), dossier("b", accepted=midnight - 1))
    day = str(date(2026, 7, 1))
    (row,) = await report(where, parameters=(("from", day), ("to", day)))
    assert row["received"] == 1


@pytest.mark.parametrize(
    "parameters",
    [
        (("from", "2026-02-30"),),
        (("from", "2026-07-02"), ("to", "2026-07-01")),
        (("from", "2020-01-01"),),
        (("to", ""),),
        (("owner", "police"),),
    ],
)
async def test_what_cannot_be_asked_is_said(where, parameters):
    with pytest.raises(Invalid):
        await report(where, parameters=parameters)


async def test_too_many_dossiers_are_refused(where, monkeypatch):
    monkeypatch.setattr("extensions.judicial_record.terms.sla_report.MAX_DOSSIERS", 1)
    await put(where, dossier("a"), dossier("b"))
    with pytest.raises(Unprocessable, match="fewer days"):
        await report(where)
