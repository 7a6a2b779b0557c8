"""Terms end anew when the days they run over change."""

from datetime import date

from extensions.judicial_record.law import days
from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.terms.recompute import Recomputed, recompute
from extensions.judicial_record.terms.walk import ends
from tests.extensions.judicial_record.terms.dossiers import (
    DUE,
    at,
    dossier,
    office,
    put,
    read,
    worked,
)

OFF = days.loaded().but(off=[date(2026, 7, 8)])
MONDAY = date(2026, 7, 13)


async def due_day(where, id_):
    return day_of(ends(await read(where, id_)))


async def test_a_new_holiday_moves_the_term_of_an_open_dossier_and_of_its_work(where):
    told = dossier("a", state="4/review")
    await put(where, told, worked(told, "4/review", "hit", at(2026, 7, 6)))
    assert await due_day(where, "a") == await due_day(where, "work-a") == DUE
    assert await recompute(where, office(known=OFF)) == Recomputed(1, 1)
    assert await due_day(where, "a") == await due_day(where, "work-a") == MONDAY


async def test_it_changes_nothing_more_when_repeated_and_nothing_without_a_change(where):
    await put(where, dossier("a"))
    assert await recompute(where, office()) == Recomputed(1, 0)
    await recompute(where, office(known=OFF))
    assert await recompute(where, office(known=OFF)) == Recomputed(1, 0)
    assert (await read(where, "a"))["meta"]["versionId"] == "2"
    assert await recompute(where, office()) == Recomputed(1, 1)
    assert await due_day(where, "a") == DUE


async def test_pauses_and_the_rule_it_was_accepted_under_are_kept(where):
    paused = [(at(2026, 7, 6), at(2026, 7, 9))]
    told = dossier("a", pauses=paused)
    await put(where, told)
    before = await due_day(where, "a")
    await recompute(where, office(known=OFF))
    # Wednesday 8 was within the pause: another day off on it moves nothing.
    assert await due_day(where, "a") == before == date(2026, 7, 15)
    assert (await read(where, "a"))["instantiatesUri"].endswith("/sla-2025|1")


async def test_what_waits_is_done_or_was_never_accepted_is_left_alone(where):
    await put(
        where,
        dossier("waits", state="5"),
        dossier("done", state="10"),
        dossier("new", state="1", accepted=None),
    )
    assert await recompute(where, office(known=OFF)) == Recomputed(0, 0)


async def test_all_of_more_than_a_page_are_looked_at(where, monkeypatch):
    monkeypatch.setattr("extensions.judicial_record.terms.walk.PAGE", 3)
    await put(where, *(dossier(f"d{number}") for number in range(8)))
    assert await recompute(where, office(known=OFF)) == Recomputed(8, 8)
