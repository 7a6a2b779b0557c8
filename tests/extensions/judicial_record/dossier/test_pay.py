"""A receipt is one payment, however often and by how many it is sent; a refusal is one refund."""

import asyncio
from dataclasses import replace

import pytest

from extensions.judicial_record.dossier import holder, ledger, settle
from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import Conflict
from tests.extensions.judicial_record.dossier.desks import (
    APP,
    CLERK,
    MANY,
    OTHER_APP,
    paper,
    reason,
    receipt,
)


def kept(bench, kind, id_):
    return bench.desk.office.records.get(kind, id_)


@pytest.mark.parametrize("many", MANY)
async def test_of_many_different_receipts_one_is_taken(bench, many):
    id_ = await bench.submitted()
    answers = await asyncio.gather(
        *(bench.call("pay", APP, id_, receipt(f"{id_}-{n}")) for n in range(many))
    )
    assert sorted(status for status, _ in answers) == [200, *[409] * (many - 1)]
    assert (await bench.read(id_))["meta"]["versionId"] == "2"


@pytest.mark.parametrize("many", MANY)
async def test_the_same_receipt_many_times_is_one_payment_and_one_answer(bench, many):
    id_ = await bench.submitted()
    answers = await asyncio.gather(
        *(bench.call("pay", APP, id_, receipt(id_)) for _ in range(many))
    )
    assert {status for status, _ in answers} <= {200, 409}
    assert await bench.call("pay", APP, id_, receipt(id_)) == (200, await bench.read(id_))
    assert (await bench.read(id_))["meta"]["versionId"] == "2"
    assert kept(bench, "payments", id_)["posted"]


async def test_another_receipt_for_a_paid_dossier_is_refused(bench):
    id_ = await bench.at("1")
    status, told = await bench.call("pay", APP, id_, receipt(f"{id_}-other"))
    assert (status, told.issues[0].code) == (409, "duplicate")


async def test_a_receipt_pays_one_dossier(bench):
    first, second = await bench.submitted(), await bench.submitted()
    assert (await bench.call("pay", APP, first, receipt(first)))[0] == 200
    status, told = await bench.call("pay", APP, second, receipt(first))
    assert (status, told.issues[0].code) == (409, "duplicate")
    assert (await bench.call("pay", APP, second, receipt(second)))[0] == 200


@pytest.mark.parametrize("amount", [199_999, 0, -1, 200_000.5, 2**53])
async def test_only_the_fee_that_is_due_is_taken(bench, amount):
    id_ = await bench.submitted()
    status, told = await bench.call("pay", APP, id_, receipt(id_, amount))
    assert status == 422
    assert told.issues[0].expression.endswith(".valueMoney")
    assert kept(bench, "payments", id_) is None


async def test_a_receipt_has_all_its_parts(bench):
    id_ = await bench.submitted()
    for lost in range(4):
        given = [one for place, one in enumerate(receipt(id_)) if place != lost]
        assert (await bench.call("pay", APP, id_, given))[0] == 422
    assert (await bench.call("pay", APP, id_, [*receipt(id_), receipt(id_)[0]]))[0] == 422


async def test_what_ended_between_ledger_and_task_is_healed_by_the_same_receipt(bench, monkeypatch):
    id_ = await bench.submitted()
    with monkeypatch.context() as patch:
        patch.setattr("extensions.judicial_record.dossier.road.moved", _ends)
        with pytest.raises(RuntimeError):
            await bench.call("pay", APP, id_, receipt(id_))
    assert not kept(bench, "payments", id_)["posted"]
    assert (await bench.read(id_))["businessStatus"]["coding"][0]["code"] == "6"
    assert (await bench.call("pay", APP, id_, receipt(f"{id_}-other")))[0] == 409
    status, told = await bench.call("pay", APP, id_, receipt(id_))
    assert (status, told["businessStatus"]["coding"][0]["code"]) == (200, "1")
    assert kept(bench, "payments", id_)["posted"]


async def test_a_refusal_pays_back_once(bench):
    id_ = await bench.at("3")
    assert kept(bench, "refunds", id_)["amount"] == 200_000
    assert kept(bench, "refunds", id_)["posted"]
    told = await bench.read(id_)
    assert told["output"][0]["valueMoney"] == {"value": 200_000, "currency": "VND"}
    assert told["statusReason"]["coding"][0]["code"] == "papers"
    assert (await bench.call("refuse", CLERK, id_, reason("papers")))[0] == 409


async def test_a_refund_counts_only_when_the_dossier_is_refused(bench, monkeypatch):
    id_ = await bench.at("1")
    with monkeypatch.context() as patch:
        patch.setattr("extensions.judicial_record.dossier.road.changes", _ends)
        with pytest.raises(RuntimeError):
            await bench.call("refuse", CLERK, id_, reason("papers"))
    await settle.settle(bench.desk, bench.context)
    assert not kept(bench, "refunds", id_)["posted"]
    with monkeypatch.context() as patch:
        patch.setattr("extensions.judicial_record.dossier.ledger.posted", _ends)
        with pytest.raises(RuntimeError):
            await bench.call("refuse", CLERK, id_, reason("papers"))
    assert not kept(bench, "refunds", id_)["posted"]
    assert (await bench.read(id_))["status"] == "rejected"
    assert await settle.settle(bench.desk, bench.context) == 1
    assert kept(bench, "refunds", id_)["posted"]


def _ends(*_):
    raise RuntimeError


@pytest.mark.parametrize("code", ["", "no-supplement", "x"])
async def test_a_refusal_has_a_reason_of_article_49(bench, code):
    id_ = await bench.at("1")
    assert (await bench.call("refuse", CLERK, id_, reason(code) if code else ()))[0] == 422


async def test_an_exempt_dossier_has_no_refund(bench):
    id_ = await bench.submitted(fee_group=("valueCode", "disabled"))
    assert (await bench.call("refuse", CLERK, id_, reason("papers")))[0] == 200
    assert kept(bench, "refunds", id_) is None
    assert "output" not in await bench.read(id_)


async def test_a_batch_of_receipts_is_answered_one_by_one(bench):
    ids = [await bench.submitted(), await bench.submitted(), await bench.submitted(OTHER_APP)]
    batch = [one(id_, receipt(id_)) for id_ in ids]
    batch += [one(ids[1], receipt(f"{ids[1]}-other")), {"name": "receipt"}, one(ids[0], [])]
    status, told = await bench.call("receipts", APP, None, batch)
    assert status == 200
    parts = [{part["name"]: part for part in row["part"]} for row in told["parameter"]]
    assert [part["status"]["valueInteger"] for part in parts] == [200, 200, 404, 409, 400, 422]
    assert parts[0]["dossier"]["valueReference"]["reference"] == f"Task/{ids[0]}"
    assert parts[2]["outcome"]["resource"]["resourceType"] == "OperationOutcome"
    again = await bench.call("receipts", APP, None, batch[:2])
    assert [row["part"][1]["valueInteger"] for row in again[1]["parameter"]] == [200, 200]


async def test_a_batch_that_is_too_long_is_refused_whole(bench):
    status, _ = await bench.call("receipts", APP, None, [{"name": "receipt"}] * 201)
    assert status == 413


def one(id_, parts):
    """Give one receipt of a batch."""
    dossier = {"name": "dossier", "valueReference": {"reference": f"Task/{id_}"}}
    return {"name": "receipt", "part": [dossier, *parts]}


def test_the_ledger_itself_refuses_a_second_payment(bench):
    records = bench.desk.office.records
    ledger.pay(records, "t", ledger.Payment("r", "whole", 1, 0))
    ledger.pay(records, "t", ledger.Payment("r", "whole", 1, 9))
    with pytest.raises(Conflict):
        ledger.pay(records, "t", ledger.Payment("s", "other", 1, 0))
    with pytest.raises(Conflict):
        ledger.pay(records, "u", ledger.Payment("r", "whole", 1, 0))
    assert records.get("payments", "u") is None


async def test_a_holders_own_word_pays_only_where_the_office_is_for_trying_out(bench, monkeypatch):
    himself = Caller("p", user=f"Person/{holder.person_id(bench.desk, [paper()])}")
    id_ = await bench.submitted(himself)
    meant = replace(bench.desk, office=replace(bench.desk.office, sample=False))
    with monkeypatch.context() as patch:
        patch.setattr(bench, "desk", meant)
        assert (await bench.call("pay", himself, id_, receipt(id_)))[0] == 403
    assert kept(bench, "payments", id_) is None
    assert (await bench.call("pay", himself, id_, receipt(id_)))[0] == 200


async def test_who_may_not_pay_leaves_nothing_in_the_ledger(bench):
    id_ = await bench.submitted()
    assert (await bench.call("pay", CLERK, id_, receipt(id_)))[0] == 403
    assert kept(bench, "payments", id_) is None


async def test_refunds_that_stay_open_hide_no_later_one(bench):
    records, names = bench.desk.office.records, [f"open-{n}" for n in range(5)]
    for name in names:
        records.insert("refunds", {"_id": name, "amount": 1, "at": 0, "posted": False})
    found = await asyncio.to_thread(ledger.open_refunds, records, 2)
    for name in names:
        records.remove("refunds", {"_id": name})
    assert [one for one in found if one in names] == names
