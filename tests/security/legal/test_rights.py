"""Who may ask for what, and how often: organisations, proxies, passcodes, guesses, two persons."""

import asyncio

import pytest

from extensions.judicial_record.plugin import operations
from extensions.judicial_record.verifying.passcode import MOST_TRIES
from tests.extensions.judicial_record.people import TYPE, application, five
from tests.security.legal.sending import outline
from tests.security.legal.world import CANARIES, OPEN, PERSONS, applied

AT = f"/legal/fhir/{TYPE}"
BY = {one.key: one for one in PERSONS}
PURPOSE = {"name": "purpose", "valueCode": "licence"}
BASIS = {"name": "legalBasis", "valueString": "Luật thử nghiệm, điều 1"}
CASE = {"name": "case", "valueString": "Vụ án thử nghiệm 1"}


def parameters(*rows):
    return {"resourceType": "Parameters", "parameter": list(rows)}


def said(name, value):
    return {"name": name, "valueString": value}


async def asked(world, who, name, *rows):
    """Give the answer to an operation on certificates."""
    headers = {**world.asking(who).headers, "Content-Type": "application/fhir+json"}
    return await world.http.post(f"{AT}/{name}", json=parameters(*rows), headers=headers)


async def passcode(world, key, purpose="licence"):
    """Give a new passcode of a holder."""
    rows = {"name": "purpose", "valueCode": purpose}
    told = await world.asking(key).do(f"{TYPE}/{world.words[f'CERT_{key}']}/$passcode", rows)
    return next(one["valueString"] for one in told["parameter"] if "valueString" in one)


async def shown(world, who, key, digits, *rows):
    """Give the answer to an organisation that shows a passcode."""
    code = said("code", world.words.get(f"CODE_{key}", key))
    return await asked(world, who, "$disclose", code, said("passcode", digits), *rows)


def quiet(answer):
    """Say that an answer holds nothing of anybody."""
    return not [one for one in CANARIES if one in answer.text]


async def test_nobody_opens_form_2_with_a_passcode_nor_learns_that_there_is_one(world):
    whole = await shown(world, "state-99", "WHOLE", "123456", PURPOSE, BASIS)
    nobody = await shown(world, "state-99", "D" * 43, "123456", PURPOSE, BASIS)
    assert whole.status_code == 403
    assert outline(whole) == outline(nobody)
    at = f"{world.words['CERT_WHOLE']}/$passcode"
    assert (await asked(world, "WHOLE", at, PURPOSE)).status_code == 403
    court = (said("code", world.words["CODE_WHOLE"]), PURPOSE, CASE)
    assert (await asked(world, "court-99", "$disclose", *court)).status_code == 200
    without = await asked(world, "court-99", "$disclose", *court[:2])
    assert without.status_code == 400


async def test_no_app_reads_form_2_not_even_for_its_holder(world):
    holder, id_ = world.asking("WHOLE"), world.words["CERT_WHOLE"]
    read = {
        (who, key): [
            (
                await world.http.get(
                    f"/legal/fhir/{type_}/{world.words[f'CERT_{key}']}",
                    headers=world.asking(who).headers,
                )
            ).status_code
            for type_ in (TYPE, "DocumentReference", "Binary")
        ]
        for who, key in (("NEVER", "NEVER"), ("app-99", "NEVER"), ("WHOLE", "WHOLE"))
    }
    assert [*read.values()] == [[200] * 3, [200] * 3, [404] * 3]
    for name in ("as-document", "as-basic"):
        await holder.do(f"{TYPE}/{id_}/${name}", status=404)
    assert (await holder.get(f"Task/{world.words['TASK_WHOLE']}"))["output"]


async def test_no_system_applies_for_form_2(world):
    rows = applied(OPEN, form=("valueCode", "form-2"))
    await world.asking("app-99").do("Task/$submit", *rows, status=403)


@pytest.mark.parametrize("who", ["NEVER", "app-99", "clerk-99", "signer-98", "wild"])
async def test_who_is_no_registered_body_opens_nothing(world, who):
    digits = await passcode(world, "NEVER")
    answer = await shown(world, who, "NEVER", digits, PURPOSE, BASIS)
    assert answer.status_code == 403
    assert quiet(answer)


async def test_an_organisation_needs_basis_and_passcode_and_sees_it_once(world):
    digits = await passcode(world, "NEVER")
    assert (await shown(world, "employer-99", "NEVER", digits, PURPOSE)).status_code == 400
    code = said("code", world.words["CODE_NEVER"])
    bare = await asked(world, "employer-99", "$disclose", code, PURPOSE, BASIS)
    assert bare.status_code == 400
    other = await shown(
        world, "employer-99", "NEVER", digits, BASIS, {**PURPOSE, "valueCode": "adoption"}
    )
    assert other.status_code == 403
    assert (await shown(world, "employer-99", "NEVER", digits, PURPOSE, BASIS)).status_code == 200
    again = await shown(world, "employer-99", "NEVER", digits, PURPOSE, BASIS)
    assert again.status_code == 403
    assert quiet(again)


async def test_of_five_at_once_one_gets_in(world):
    digits = await passcode(world, "OTHER")
    tries = [shown(world, "state-99", "OTHER", digits, PURPOSE, BASIS) for _ in range(5)]
    codes = sorted([one.status_code for one in await asyncio.gather(*tries)])
    assert codes == [200, 403, 403, 403, 403]


async def test_digits_are_not_guessed(world):
    digits = await passcode(world, "PRESENT", "adoption")
    purpose = {**PURPOSE, "valueCode": "adoption"}
    wrong = [f"{(int(digits) + n) % 10**6:06}" for n in range(1, MOST_TRIES + 1)]
    tried = [await shown(world, "state-99", "PRESENT", one, purpose, BASIS) for one in wrong]
    assert {one.status_code for one in tried} <= {403, 429}
    right = await shown(world, "state-99", "PRESENT", digits, purpose, BASIS)
    assert right.status_code in (403, 429)
    elsewhere = await shown(world, "employer-99", "PRESENT", digits, purpose, BASIS)
    assert elsewhere.status_code == 403
    assert all(map(quiet, (*tried, right, elsewhere)))


AUTHORISED = {
    "agent_role": ("valueCode", "authorised"),
    "agent_name": ("valueString", "TRẦN THỊ MẪU"),
    "agent_document": ("valueIdentifier", {
        "type": {"coding": [{"code": "cccd"}]}, "value": "099079990077"}),
    "agent_relationship": ("valueCode", "other"),
    "authority": ("valueAttachment", {"contentType": "application/pdf", "data": "JVBERg=="}),
    "authorised": ("valuePeriod", {"start": "2020-01-01", "end": "2099-01-01"}),
}  # fmt: skip
# What is changed, and the field the refusal names.
PROXIES = {
    "Form 2 for another": ({"form": ("valueCode", "form-2")}, "agent-role"),
    "a parent of an adult": ({"agent_role": ("valueCode", "parent")}, "agent-role"),
    "an authorisation that ended": (
        {"authorised": ("valuePeriod", {"start": "2020-01-01", "end": "2021-01-01"})},
        "authorised",
    ),
    "no letter": ({"authority": None}, "authority"),
    "a guardian without a paper": (
        {"agent_role": ("valueCode", "guardian"), "authority": None},
        "authority",
    ),
}


@pytest.mark.parametrize("name", PROXIES)
async def test_no_proxy_gets_what_the_law_does_not_give_him(world, name):
    told, field = PROXIES[name]
    rows = applied(OPEN, **{**AUTHORISED, **told})
    answer = await world.asking("app-99").do("Task/$submit", *rows, status=422)
    assert {one["expression"][0] for one in answer["issue"]} == {
        f"Parameters.parameter.where(name='{field}')"
    }
    assert "099079990077" not in str(answer)


async def test_a_proxy_with_a_letter_may_apply_for_form_1(world):
    rows = applied(OPEN, **AUTHORISED)
    task = await world.asking("app-99").do("Task/$submit", *rows, status=201)
    assert task["for"]["reference"] == f"Person/{world.words['PERSON_OPEN']}"


async def test_who_signs_in_does_not_apply_with_the_number_of_another(world):
    rows = applied(BY["NEVER"])
    answer = await world.asking("OTHER").do("Task/$submit", *rows, status=403)
    unknown = application(
        "099079990088", issuer=("valueReference", {"reference": "Organization/issuer-99"})
    )
    other = await world.asking("OTHER").do("Task/$submit", *unknown, status=403)
    assert answer == other


async def test_who_prepared_a_certificate_does_not_sign_it(world):
    at = f"Task/{world.words[f'TASK_{OPEN.key}']}/$sign"
    told = await world.asking("signer-99").do(at, status=403)
    assert "You prepared" in told["issue"][0]["diagnostics"]
    await world.asking("clerk-99").do(at, status=403)


async def test_guesses_have_one_answer_to_the_byte(world):
    certificate = world.certificates["CLEARED"]
    right = {one["name"]: one["valueString"] for one in five(certificate)}
    number = certificate["identifier"][0]["value"]
    guesses = [{**right, "code": one} for one in ("D" * 43, number, certificate["id"], "1")]
    guesses += [{**right, "code": one} for one in ('{"$gt": ""}', ".*", "' or '1'='1")]
    guesses += [{**right, "identity": BY["NEVER"].number}, {**right, "gender": "female"}]
    outlines = set()
    for guess in guesses:
        rows = [said(name, value) for name, value in guess.items()]
        outlines.add(outline(await asked(world, "", "$verify", *rows)))
    assert len(outlines) == 1
    assert '"valueBoolean":false' in outlines.pop()[2]
    told = await asked(world, "", "$verify", *[said(name, one) for name, one in right.items()])
    assert '"valueBoolean":true' in told.text


async def test_the_report_of_a_province_is_of_that_province(world):
    for own, other in (("98", "99"), ("99", "98")):
        told = str(await world.asking(f"clerk-{own}").get("$sla-report"))
        assert f"issuer-{own}" in told
        assert f"issuer-{other}" not in told


OPERATIONS = {
    "Task": ("submit", "receipts"),
    "Task/TASK_OPEN": ("pay", "accept", "refuse", "request-supplement", "supplement", "withdraw",
        "check-sources", "expungement-check", "propose", "sign", "deliver", "stop"),
    TYPE: ("disclose",),
    f"{TYPE}/CERT_NEVER": ("revoke", "propose-correction", "correct", "passcode",
        "as-basic", "as-document", "log-proof"),
    "": ("sla-report",),
}  # fmt: skip


@pytest.mark.parametrize("who", ["clerk-99 who reads", "signer-99 who reads", "NEVER who reads"])
async def test_each_operation_needs_its_own_scope(world, who):
    headers = {**world.asking(who).headers, "Content-Type": "application/fhir+json"}
    named = {name for names in OPERATIONS.values() for name in names}
    # Anybody may verify; whoever reads a certificate of his own may ask who else did.
    assert named | {"verify", "access-log"} == {one.name for one in operations(world.office)}
    for at, names in OPERATIONS.items():
        path = at
        for word in ("TASK_OPEN", "CERT_NEVER"):
            path = path.replace(word, world.words[word])
        for name in names:
            method = "POST" if at else "GET"
            answer = await world.http.request(
                method, f"/legal/fhir/{path}{'/' if at else ''}${name}", headers=headers
            )
            assert answer.status_code == 403, (name, answer.text)
            assert f"${name} on" in answer.text
