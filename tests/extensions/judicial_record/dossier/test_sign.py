"""One signer, one certificate; who prepared does not sign; what ended halfway is taken up again."""

import asyncio
from dataclasses import replace

import pytest

from extensions.judicial_record.dossier.desk import Issued
from extensions.judicial_record.dossier.sign import HELD
from extensions.judicial_record.dossier.task import work_id
from fhir_server.fhir.errors import Unprocessable
from tests.extensions.judicial_record.dossier.desks import CLERK, HELPER, LEADER, MANY, Match

OTHER = replace(LEADER, name="third", user="Practitioner/other")


def strings(name, *values):
    """Give parameters of one name."""
    return [{"name": name, "valueString": one} for one in values]


@pytest.mark.parametrize("many", MANY)
async def test_of_many_who_sign_one_issues(bench, many):
    id_ = await bench.at("4/awaiting-signature")
    calls = []

    async def issue(_, signing):
        calls.append(signing.task["id"])
        await asyncio.sleep(0)
        return Issued((), [])

    bench = replace(bench, desk=replace(bench.desk, issue=issue))
    answers = await asyncio.gather(*(bench.call("sign", LEADER, id_) for _ in range(many)))
    failures = {str(told) for status, told in answers if status != 200}
    assert sorted(status for status, _ in answers) == [200, *[409] * (many - 1)], failures
    assert calls == [id_]


async def test_who_prepared_does_not_sign(bench):
    id_ = await bench.at("4/awaiting-signature")
    assert (await bench.call("sign", CLERK, id_))[0] == 403
    assert (await bench.call("propose", LEADER, id_))[0] == 200
    assert (await bench.call("sign", LEADER, id_))[0] == 403
    assert (await bench.call("sign", CLERK, id_))[0] == 200


async def test_the_signer_is_given_what_was_proposed(bench):
    id_ = await bench.at("4/review")
    given = [*strings("record", "r1", "r2"), *strings("expunged", "r2"), *strings("note", "Đã rõ")]
    assert (await bench.call("propose", CLERK, id_, given))[0] == 200
    seen = []

    async def issue(_, signing):
        seen.append(signing)
        return Issued((), [{"type": {"text": "certificate"}, "valueString": "c"}])

    bench = replace(bench, desk=replace(bench.desk, issue=issue))
    status, told = await bench.call("sign", LEADER, id_)
    assert (status, told["output"][0]["valueString"]) == (200, "c")
    [signing] = seen
    assert (signing.task["id"], signing.signer) == (id_, LEADER.user)
    assert signing.work["requester"] == {"reference": CLERK.user}
    output = signing.work["output"]
    rows = [(row["type"]["coding"][0]["code"], row.get("valueString")) for row in output]
    assert rows[3:] == [("record", "r1"), ("record", "r2"), ("expunged", "r2"), ("note", "Đã rõ")]
    assert "r1" not in str(told)


@pytest.mark.parametrize(
    "given",
    [
        strings("record", "r3"),
        strings("expunged", "r1"),
        [*strings("record", "r1"), *strings("expunged", "r2")],
        [{"name": "record", "valueBoolean": True}],
    ],
)
async def test_nothing_is_proposed_that_was_not_found(bench, given):
    id_ = await bench.at("4/review")
    assert (await bench.call("propose", CLERK, id_, given))[0] == 422


async def test_bans_are_found_too(bench):
    id_ = await bench.at("2")
    bench.match[0] = Match("hit", ("r1",), ("b1",))
    assert (await bench.call("check-sources", CLERK, id_))[0] == 200
    given = strings("record", "r1", "b1")
    assert (await bench.call("propose", CLERK, id_, given))[0] == 200


async def test_a_failure_gives_the_dossier_back(bench):
    id_ = await bench.at("4/awaiting-signature")

    async def fails(*_):
        raise Unprocessable("jrc-5")

    broken = replace(bench, desk=replace(bench.desk, issue=fails))
    assert (await broken.call("sign", LEADER, id_))[0] == 422
    assert (await bench.call("sign", OTHER, id_))[0] == 200


async def test_a_signer_whose_process_ended_leaves_it_to_the_next_one(bench):
    id_ = await bench.at("4/awaiting-signature")

    async def ends(*_):
        raise asyncio.CancelledError

    ended = replace(bench, desk=replace(bench.desk, issue=ends))
    with pytest.raises(asyncio.CancelledError):
        await ended.call("sign", LEADER, id_)
    work = await bench.read(work_id(id_))
    assert work["businessStatus"]["coding"][0]["code"] == "signing"
    status, told = await bench.call("sign", OTHER, id_)
    assert (status, "being signed" in str(told)) == (409, True)
    bench.clock[0] += HELD
    assert (await bench.call("sign", OTHER, id_))[0] == 200


async def test_a_signer_who_was_overtaken_commits_nothing(bench):
    id_ = await bench.at("4/awaiting-signature")

    async def slow(*_):
        bench.clock[0] += HELD
        assert (await bench.call("sign", OTHER, id_))[0] == 200
        return Issued((), [{"type": {"text": "certificate"}, "valueString": "second"}])

    late = replace(bench, desk=replace(bench.desk, issue=slow))
    assert (await late.call("sign", LEADER, id_))[0] == 409
    assert "second" not in str(await bench.read(id_))


async def test_a_result_is_delivered_once_and_told_again(bench):
    id_ = await bench.at("10")
    before = await bench.read(id_)
    assert await bench.call("deliver", CLERK, id_) == (200, before)
    names = [row["type"]["coding"][0]["code"] for row in before["output"][1:]]
    assert names == ["delivered", "channel"]


async def test_who_does_not_sign_for_the_body_is_refused(bench):
    id_ = await bench.at("4/awaiting-signature")
    status, _ = await bench.call("sign", HELPER, id_)
    assert status == 403
    assert (await bench.call("sign", LEADER, id_))[0] == 200
