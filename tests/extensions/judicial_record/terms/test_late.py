"""What is late says so, and its holder gets one letter."""

import asyncio
import base64

from extensions.judicial_record.dossier import task
from extensions.judicial_record.dossier.application import INPUT
from extensions.judicial_record.law.days import end_of
from extensions.judicial_record.reaching import _rows
from extensions.judicial_record.terms.late import LETTER, Late, late
from fhir_server.access.caller import Caller
from fhir_server.fhir.json import parse
from tests.extensions.judicial_record.certificates import FOLDER
from tests.extensions.judicial_record.terms.dossiers import (
    ALL,
    DUE,
    at,
    dossier,
    office,
    put,
    read,
    worked,
)

AFTER = end_of(DUE) + 1


def text(letter):
    return base64.b64decode(letter["content"][0]["attachment"]["data"]).decode()


async def test_a_dossier_is_late_when_the_last_moment_of_its_day_is_over(where):
    await put(where, dossier("a"))
    assert await late(where, office(end_of(DUE))) == Late(0, 0)
    assert await late(where, office(AFTER)) == Late(1, 1)
    told = await read(where, "a")
    assert told["statusReason"]["coding"][0]["code"] == "late"
    assert told["output"][0]["valueReference"] == {"reference": "DocumentReference/late-a"}


async def test_the_letter_says_what_its_holder_knows(where):
    await put(where, dossier("a"))
    await late(where, office(at(2026, 7, 14)))
    letter = await read(where, "late-a", "DocumentReference")
    for word in ("TRẦN THỊ MẪU", "99-a", "03/07/2026", "10/07/2026", "14/07/2026", "Công an thử"):
        assert word in text(letter)
    assert "$" not in text(letter)
    related = [one["reference"] for one in letter["context"]["related"]]
    assert related == ["Person/holder", "Organization/police", "Task/a"]


async def test_the_system_that_applied_reads_the_letter_and_no_other_does(where):
    sent = {"identifier": {"system": task.CLIENT, "value": "app"}}
    await put(where, dossier("a") | {"requester": sent}, dossier("b"))
    await late(where, office(AFTER))
    for client, letters in {"app": {"late-a"}, "other": set()}.items():
        own = _rows(Caller("a caller", client=client))["DocumentReference"]
        found = await where.store.search(own, "DocumentReference", ALL)
        assert {one.id for one in found.found} == letters


def test_what_the_letter_is_called_is_in_the_lists():
    for name in ("dossier-paper", "dossier-input"):
        told = parse((FOLDER / f"CodeSystem-{name}.json").read_bytes())
        assert LETTER in {one["code"] for one in told["concept"]}
    assert told["url"] == INPUT


async def test_the_letter_is_the_same_whatever_was_found(where):
    texts = set()
    for lane in ("clean", "hit", "ambiguous"):
        told = dossier(lane, state="4/review")
        await put(where, told, worked(told, "4/review", lane, at(2026, 7, 6)))
    await late(where, office(AFTER))
    for lane in ("clean", "hit", "ambiguous"):
        letter = await read(where, f"late-{lane}", "DocumentReference")
        texts.add(text(letter).replace(f"99-{lane}", ""))
    assert len(texts) == 1


async def test_one_letter_is_written_however_often_and_by_however_many(where):
    await put(where, dossier("a"))
    runs = await asyncio.gather(*(late(where, office(AFTER)) for _ in range(4)))
    assert sum(one.letters for one in runs) == 1
    assert await late(where, office(AFTER)) == Late(1, 0)
    assert (await read(where, "a"))["meta"]["versionId"] == "2"


async def test_what_waits_or_is_done_is_not_late(where):
    held = dossier("waits", state="5", pauses=[(at(2026, 7, 6), None)])
    await put(where, held, dossier("done", state="9"), dossier("new", state="1", accepted=None))
    assert await late(where, office(AFTER)) == Late(0, 0)
