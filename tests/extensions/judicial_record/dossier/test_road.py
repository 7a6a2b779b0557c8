"""Every state with every operation: what the table allows passes, nothing else; and who may."""

import asyncio
from dataclasses import replace

import pytest

from extensions.judicial_record.dossier import task
from extensions.judicial_record.dossier.lifecycle import MOVES, OPERATIONS, STATES
from fhir_server.access.caller import Caller
from tests.extensions.judicial_record.dossier.desks import (
    APP,
    CLERK,
    ELSEWHERE,
    GIVEN,
    LEADER,
    MANY,
    OTHER_APP,
    WAYS,
    receipt,
)

ACTORS = {"officer": CLERK, "signer": LEADER, "holder": APP, "client": APP}


def actor(operation):
    rows = [row for row in MOVES if row.operation == operation]
    return ACTORS["client" if "client" in rows[0].who else rows[0].who[0]]


@pytest.mark.parametrize("state", WAYS)
async def test_only_what_the_table_allows_passes(bench, state):
    id_ = await bench.at(state)
    before = await bench.read(id_)
    for name in OPERATIONS[1:]:
        allowed = any(state in row.sources for row in MOVES if row.operation == name)
        if not allowed:
            status, told = await bench.call(name, actor(name), id_, GIVEN.get(name, tuple)())
            assert status == 409, (name, told)
            assert f"state {state.partition('/')[0]}" in str(told) or name == "pay"
    assert await bench.read(id_) == before
    for row in MOVES[2:]:
        if state in row.sources:
            id_ = await bench.at(state)
            given = receipt(id_) if row.operation == "pay" else GIVEN.get(row.operation, tuple)()
            status, told = await bench.call(row.operation, actor(row.operation), id_, given)
            assert status == 200, (row.operation, told)
            after, work = await bench.read(id_), await bench.read(task.work_id(id_))
            assert task.state_of(after, work) in {"9", *row.to}
            assert after["status"] == STATES[task.state_of(after, work)].status


@pytest.mark.parametrize("name", OPERATIONS[1:])
async def test_whoever_has_no_business_with_a_dossier_is_told_it_never_was(bench, name):
    id_ = await bench.submitted()
    given = GIVEN.get(name, tuple)()
    strangers = (
        ELSEWHERE,
        OTHER_APP,
        Caller("x", user="Person/somebody"),
        Caller("x", user="Organization/police"),
        Caller("x"),
        replace(APP, user="Practitioner/clerk"),
    )
    for stranger in strangers:
        status, told = await bench.call(name, stranger, id_, given)
        assert (status, str(told)) == (404, f"Task/{id_} is not known.")
        status, told = await bench.call(name, stranger, "never-was", given)
        assert (status, str(told)) == (404, "Task/never-was is not known.")


async def test_the_work_is_no_dossier(bench):
    id_ = await bench.at("4/review")
    status, _ = await bench.call("withdraw", APP, task.work_id(id_))
    assert status == 404
    status, _ = await bench.call("accept", CLERK, task.work_id(id_))
    assert status == 404


@pytest.mark.parametrize("name", ["accept", "check-sources", "propose", "sign", "stop", "refuse"])
async def test_an_applicant_decides_nothing(bench, name):
    id_ = await bench.at("4/review" if name in ("check-sources", "propose", "stop") else "1")
    status, _ = await bench.call(name, APP, id_, GIVEN.get(name, tuple)())
    assert status == 403


@pytest.mark.parametrize("name", ["pay", "supplement", "withdraw"])
async def test_an_officer_does_nothing_for_the_applicant(bench, name):
    id_ = await bench.submitted()
    status, _ = await bench.call(name, CLERK, id_, GIVEN.get(name, tuple)())
    assert status == 403


@pytest.mark.parametrize("many", MANY)
async def test_of_many_who_accept_one_does(bench, many):
    id_ = await bench.at("1")
    answers = await asyncio.gather(*(bench.call("accept", CLERK, id_) for _ in range(many)))
    assert sorted(status for status, _ in answers) == [200, *[409] * (many - 1)]
    assert (await bench.read(id_))["meta"]["versionId"] == "3"


async def test_every_move_is_remembered_with_who_and_by_which_rule(bench):
    id_ = await bench.at("2")
    store, everything = bench.context.store, bench.context.allow("read", None)
    page = await store.search(everything, "Provenance", everything, limit=1_000)
    found = [told for one in page.found if id_ in (told := one.body.decode())]
    told = "".join(found)
    assert len(found) == 3
    assert '"reference":"Practitioner/clerk"' in told
    assert '"system":"http://fhir.hl7.org.vn/legal/sid/client","value":"app"' in told
    assert '"policy":["http://fhir.hl7.org.vn/legal/rule/sla-2025|1"]' in told


async def test_a_holder_cannot_tell_whether_anything_was_found(bench):
    kinds = ("4/awaiting-signature", "4/review", "4/awaiting-source")
    tasks = [await bench.read(await bench.at(state)) for state in kinds]
    plain = [
        {
            **{name: value for name, value in one.items() if name not in ("id", "identifier")},
            "meta": one["meta"]["versionId"],
            "input": [row for row in one["input"] if row.get("valueString") != one["id"]],
        }
        for one in tasks
    ]
    assert plain[0] == plain[1] == plain[2]
    assert plain[0]["businessStatus"]["coding"][0]["code"] == "4"


async def test_the_term_stands_still_while_papers_are_missing(bench):
    id_ = await bench.at("5")
    end = (await bench.read(id_))["restriction"]["period"]["end"]
    bench.clock[0] += 6 * 86_400_000_000
    status, told = await bench.call("supplement", APP, id_)
    assert status == 200
    assert (end[:10], told["restriction"]["period"]["end"][:10]) == ("2026-11-30", "2026-12-02")
    assert told["instantiatesUri"] == "http://fhir.hl7.org.vn/legal/rule/sla-2025|1"
    [pause] = [one["valuePeriod"] for one in told["input"] if "valuePeriod" in one]
    assert (pause["start"][:10], pause["end"][:10]) == ("2026-11-20", "2026-11-26")


async def test_a_dossier_asked_for_papers_before_it_was_accepted_has_no_term(bench):
    id_ = await bench.at("1")
    await bench.call("request-supplement", CLERK, id_, GIVEN["request-supplement"]())
    status, told = await bench.call("supplement", APP, id_)
    assert status == 200
    assert "restriction" not in told
    assert told["businessStatus"]["coding"][0]["code"] == "1"
