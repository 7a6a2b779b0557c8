"""What a certificate says, to who may ask, with the holder's passcode; Form 2 to proceedings."""

from dataclasses import replace
from types import SimpleNamespace

import bson
import pytest

from extensions.judicial_record import register
from extensions.judicial_record.verifying import disclose, passcode
from extensions.judicial_record.verifying.gate import VERIFY, checks, note
from fhir_server.base import Base
from fhir_server.fhir.dates import SECOND
from fhir_server.interactions import table
from tests.extensions.judicial_record.verifying.conftest import CODES, Legal, parameters
from tests.extensions.judicial_record.verifying.test_passcode import other

# More plain checks than are read.
MANY = 1_001
COURT, CASE = "Organization/court", {"case": "Vụ án thử nghiệm 1/2026"}


async def test_an_organisation_sees_form_1_once(legal):
    digits = await legal.passcode()
    status, body = await legal.disclosed(digits)
    shown = parameters(body)["certificate"]
    assert status == 200
    assert shown["form"] == "form-1"
    assert shown["signature"]
    assert "CANARY" not in body.decode()
    assert (await legal.disclosed(digits))[0] == 403


async def test_the_holder_can_read_who_looked_and_why(legal):
    await legal.disclosed(await legal.passcode())
    await legal.verified()
    found = await checks(legal.gate, await legal.certificate("c1"))
    looked, verified = sorted(found, key=lambda row: row["kind"])
    assert looked["by"] == "Organization/employer"
    assert looked["purpose"] == "employment"
    assert looked["rule"] == "access-form-1-organisation|1"
    assert verified["kind"] == "verify"


async def test_no_number_of_checks_hides_who_was_shown_it(legal):
    await legal.disclosed(await legal.passcode())
    certificate = await legal.certificate("c1")
    for day in range(3):
        legal.clock.now += 24 * 3600 * SECOND
        for _ in range(MANY if day == 1 else 2):
            legal.clock.now += SECOND
            await note(legal.gate, certificate, VERIFY, valid="yes")
    told = await checks(legal.gate, certificate)
    assert [one["kind"] for one in told] == [VERIFY, VERIFY, "form-1"]
    assert told[0]["ts"] == legal.clock.now


async def test_whom_it_was_shown_and_why_is_sealed(legal):
    given = {"code": CODES["c2"], "purpose": "proceedings", **CASE}
    assert (await legal.asked("$disclose", COURT, **given))[0] == 200
    [row] = legal.records.find("checks", {"certificate": "c2"})
    raw = bson.encode(row)
    assert not [one for one in (*CASE.values(), COURT, "proceedings") if one.encode() in raw]


async def test_whatever_is_wrong_has_one_answer(legal):
    digits = await legal.passcode()
    answers = {
        await legal.disclosed(other(digits)),
        await legal.disclosed(digits, code="D" * 22),
        await legal.disclosed(digits, code=CODES["c2"]),
        await legal.disclosed(digits, code=CODES["gone"]),
        await legal.disclosed(digits, purpose="licence"),
    }
    ((status, words),) = answers
    assert status == 403
    assert digits not in words


async def test_a_passcode_is_not_found_by_trying(legal):
    digits = await legal.passcode()
    for _ in range(passcode.MOST_TRIES):
        assert (await legal.disclosed(other(digits)))[0] == 403
    assert (await legal.disclosed(digits))[0] == 403
    assert (await legal.disclosed(digits))[0] == 429


@pytest.mark.parametrize("user", ["Person/p1", "Practitioner/o1", "Organization/none", ""])
async def test_who_is_not_registered_may_not_ask(legal, user):
    status, words = await legal.disclosed(await legal.passcode(), user)
    assert status == 403
    assert "registered" in words


async def test_a_body_that_was_taken_out_may_not_ask_whatever_is_stored_of_it(legal):
    type_ = [{"coding": [{"system": register.SYSTEM, "code": "organisation"}]}]
    stored = {"resourceType": "Organization", "id": "left", "name": "Left", "type": type_}
    await legal.put({**stored, "active": True})
    assert (await legal.disclosed(await legal.passcode(), "Organization/left"))[0] == 403


async def test_where_the_law_asks_for_a_legal_basis_there_has_to_be_one(legal):
    digits = await legal.passcode()
    status, words = await legal.disclosed(digits, legalBasis="x")
    assert status == 400
    assert "legalBasis" in words
    assert (await legal.disclosed(digits))[0] == 200


async def test_the_law_of_another_day_may_say_no(legal):
    def refused(*_, **__):
        return SimpleNamespace(id="access-2009", version="1", value="refused")

    digits = await legal.passcode()
    status, words = await ruled(legal, refused).disclosed(digits)
    assert status == 403
    assert "access-2009" in words
    assert (await legal.disclosed(digits))[0] == 200


def ruled(legal: Legal, rule) -> Legal:
    gate = replace(legal.gate, rule=rule)
    base = Base("/legal/fhir", legal.context, table.build([disclose.operation(gate)]))
    return replace(legal, gate=gate, base=base)


async def test_proceedings_see_form_2_for_a_case_they_name(legal):
    status, body = await legal.asked(
        "$disclose", COURT, code=CODES["c2"], purpose="proceedings", **CASE
    )
    assert status == 200
    assert parameters(body)["certificate"]["form"] == "form-2"
    (noted,) = await checks(legal.gate, await legal.certificate("c2"))
    assert noted["case"] == CASE["case"]
    without = await legal.asked("$disclose", COURT, code=CODES["c2"], purpose="proceedings")
    assert without[0] == 400


@pytest.mark.parametrize("user", ["Organization/employer", "Organization/ministry"])
async def test_nobody_else_sees_form_2(legal, user):
    status, _ = await legal.disclosed("123456", user, code=CODES["c2"])
    assert status == 403
    assert not await checks(legal.gate, await legal.certificate("c2"))
