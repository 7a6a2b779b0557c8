"""An application becomes a dossier, once; everything that is wrong in it is told at once."""

import asyncio
import unicodedata

import pytest

from extensions.judicial_record.dossier import holder
from fhir_server.access.caller import Caller
from tests.extensions.judicial_record.dossier.desks import (
    APP,
    CLERK,
    OTHER_APP,
    Match,
    application,
    paper,
    receipt,
)

ADULT = ("valueDate", "2000-02-29")
MINOR = ("valueDate", "2010-05-05")


def agent(role="authorised", **differs):
    """Give the parameters of somebody who applies for the holder."""
    return {
        "agent_role": ("valueCode", role),
        "agent_name": ("valueString", "Trần Thị Mẫu"),
        "agent_document": ("valueIdentifier", paper("099303000002")),
        **differs,
    }


def letter(start="2026-01-01", end="2026-12-31"):
    """Give the parameters of an authorisation."""
    return {
        "authorised": ("valuePeriod", {"start": start, "end": end}),
        "authority": ("valueAttachment", {"contentType": "application/pdf", "data": "UERG"}),
    }


async def refused(bench, **differs):
    """Give the issues of an application that is refused."""
    caller = differs.pop("caller", APP)
    status, told = await bench.call("submit", caller, parameters=application(**differs))
    assert status == 422, told
    assert all(one.expression and one.diagnostics for one in told.issues)
    return [one.expression for one in told.issues]


async def test_what_was_sent_stands_in_the_task_one_to_one(bench):
    rows = application(copies=("valuePositiveInt", 4))
    _, task = await bench.call("submit", APP, parameters=rows)
    sent = [
        (row["name"], *(value for name, value in row.items() if name != "name")) for row in rows
    ]
    kept = [
        (row["type"]["coding"][0]["code"], *(row[name] for name in row if name != "type"))
        for row in task["input"]
    ]
    assert kept[: len(sent)] == sent
    assert kept[len(sent)] == ("fee", {"value": 210_000, "currency": "VND"})
    assert task["status"] == "requested"
    assert task["owner"] == {"reference": "Organization/police"}
    assert task["requester"]["identifier"]["value"] == "app"
    code = task["identifier"][0]["value"]
    assert code.isdigit()
    assert len(code) == 16


async def test_who_pays_nothing_is_submitted_at_once(bench):
    rows = application(fee_group=("valueCode", "disabled"))
    _, task = await bench.call("submit", APP, parameters=rows)
    assert task["businessStatus"]["coding"][0]["code"] == "1"


async def test_the_same_application_twice_is_one_dossier(bench):
    rows = application(application_number=("valueString", "A-1"))
    first = await bench.call("submit", APP, parameters=rows)
    second = await bench.call("submit", APP, parameters=rows)
    assert (first[0], second[0]) == (201, 200)
    assert first[1] == second[1]
    answers = await asyncio.gather(
        *(bench.call("submit", OTHER_APP, parameters=rows) for _ in range(20))
    )
    assert sorted(status for status, _ in answers) == [*[200] * 19, 201]
    assert {told["id"] for _, told in answers} != {first[1]["id"]}
    assert len({told["id"] for _, told in answers}) == 1


async def test_another_application_under_the_same_number_is_refused(bench):
    number = ("valueString", "A-2")
    await bench.submitted(application_number=number)
    rows = application(application_number=number, copies=("valuePositiveInt", 3))
    status, told = await bench.call("submit", APP, parameters=rows)
    assert status == 409
    assert "application-number" in told.issues[0].expression


async def test_one_number_is_one_person_whoever_sends_and_however_typed(bench):
    name = unicodedata.normalize("NFD", "Nguyễn Văn Thử")
    first, second = await asyncio.gather(
        bench.submitted(), bench.submitted(OTHER_APP, name=("valueString", name))
    )
    tasks = [await bench.read(first), await bench.read(second)]
    assert tasks[0]["for"] == tasks[1]["for"]
    kept = [row["valueString"] for one in tasks for row in one["input"] if "valueString" in row]
    assert kept[0] == "Nguyễn Văn Thử" == kept[len(kept) // 2]


async def test_a_name_that_differs_from_the_persons_goes_to_an_officer(bench):
    own = {"identity_document": ("valueIdentifier", paper("099203000077"))}
    await bench.submitted(**own)
    id_ = await bench.submitted(**own, name=("valueString", "Nguyễn Văn Khác"))
    person = (await bench.read(id_))["for"]["reference"].removeprefix("Person/")
    before = await bench.read(person, "Person")
    await bench.call("pay", APP, id_, receipt(id_))
    await bench.call("accept", CLERK, id_)
    bench.match[0] = Match("clean")
    status, work = await bench.call("check-sources", CLERK, id_)
    assert status == 200
    assert work["businessStatus"]["coding"][0]["code"] == "awaiting-source"
    assert await bench.read(person, "Person") == before
    assert before["name"] == [{"text": "NGUYỄN VĂN THỬ"}]


async def test_a_person_applies_for_himself_alone(bench):
    own = holder.person_id(bench.desk, [paper()])
    himself = Caller("p", user=f"Person/{own}")
    id_ = await bench.submitted(himself)
    assert (await bench.read(id_))["for"] == {"reference": f"Person/{own}"}
    stranger = Caller("p", user="Person/somebody-else")
    status, told = await bench.call("submit", stranger, parameters=application())
    assert status == 403
    assert "not yours" in str(told)
    rows = application(**agent(**letter()))
    status, _ = await bench.call("submit", stranger, parameters=rows)
    assert status == 403


OTHERS = ("valueIdentifier", paper("099203000077"))


@pytest.mark.parametrize("there", [True, False], ids=["a Person stored", "none yet"])
@pytest.mark.parametrize("first", [True, False])
async def test_no_number_of_another_is_slipped_in_beside_ones_own(bench, there, first):
    number = f"09920300010{2 * there + first}"
    own = ("valueIdentifier", paper(number))
    himself = Caller("p", user=f"Person/{holder.person_id(bench.desk, [paper(number)])}")
    if there:
        await bench.submitted(himself, identity_document=own)
    both = [own, OTHERS] if first else [OTHERS, own]
    rows = application(identity_document=both)
    assert (await bench.call("submit", himself, parameters=rows))[0] == 403
    as_agent = {**agent(**letter()), "agent_document": own}
    rows = application(identity_document=[own, OTHERS], **as_agent)
    assert (await bench.call("submit", himself, parameters=rows))[0] == 403


async def test_of_what_a_person_types_of_himself_only_his_proven_number_is_kept(bench):
    number, passport = paper("099203000120"), paper("C9900120", "passport")
    own = holder.person_id(bench.desk, [number])
    himself = Caller("p", user=f"Person/{own}")
    papers = [("valueIdentifier", passport), ("valueIdentifier", number)]
    id_ = await bench.submitted(himself, identity_document=papers)
    kept = await bench.read(own, "Person")
    assert [one["value"] for one in kept["identifier"]] == [number["value"]]
    assert {"name", "birthDate", "gender"}.isdisjoint(kept)
    # A paper nobody knows to be his is for an officer to look at.
    await bench.call("pay", himself, id_, receipt(id_))
    await bench.call("accept", CLERK, id_)
    _, work = await bench.call("check-sources", CLERK, id_)
    assert work["businessStatus"]["coding"][0]["code"] == "awaiting-source"


async def test_who_is_authorised_applies_and_may_withdraw(bench):
    agents = [paper("099303000002")]
    caller = Caller("p", user=f"Person/{holder.person_id(bench.desk, agents)}")
    id_ = await bench.submitted(caller, **agent(**letter()))
    told = await bench.read(id_)
    assert told["for"]["reference"] != caller.user
    status, _ = await bench.call("withdraw", caller, id_)
    assert status == 200


@pytest.mark.parametrize("caller", [CLERK, Caller("x"), Caller("x", user="Organization/police")])
async def test_nobody_else_submits(bench, caller):
    status, _ = await bench.call("submit", caller, parameters=application())
    assert status == 403


FORM_2 = ("valueCode", "form-2")
BAD = {
    "agent-role": [
        {"form": FORM_2, **agent(**letter())},
        {"form": FORM_2, **agent("guardian", **letter())},
        {"form": FORM_2, **agent("parent")},
        {**agent("parent")},
    ],
    "authority": [agent(), agent("guardian")],
    "authorised": [agent(**letter("2025-01-01", "2026-11-19")), agent(**letter("2026-11-21"))],
    "birth-date": [{"birth_date": ("valueDate", "2011-01-01")}],
    "purpose-text": [{"purpose": ("valueCode", "other")}],
    "issuer": [{"issuer": ("valueReference", {"reference": "Organization/elsewhere"})}],
    "agent-document": [{**agent(**letter()), "agent_document": None}],
    "name": [{"name": None}, {"name": [("valueString", "A"), ("valueString", "B")]}],
    "father-name": [{"father_birth_year": ("valuePositiveInt", 1960)}],
}


@pytest.mark.parametrize(("name", "differs"), [(name, one) for name in BAD for one in BAD[name]])
async def test_what_the_law_or_the_form_does_not_let_pass_is_told_where(bench, name, differs):
    assert f"Parameters.parameter.where(name='{name}')" in await refused(bench, **differs)


async def test_a_minor_of_sixteen_applies_by_a_parent_for_form_2(bench):
    rows = {"form": FORM_2, "birth_date": MINOR, **agent("parent")}
    parent = holder.person_id(bench.desk, [paper("099303000002")])
    await bench.submitted(Caller("p", user=f"Person/{parent}"), **rows)
    assert (await bench.call("submit", APP, parameters=application(**rows)))[0] == 403


VALUES = [
    ("birth_date", ("valueDate", "2000")),
    ("birth_date", ("valueDate", "2026-12-01")),
    ("birth_date", ("valueDate", "1899-12-31")),
    ("form", ("valueCode", "form-3")),
    ("gender", ("valueCode", "male ")),
    ("nationality", ("valueCode", "Vietnam")),
    ("identity_document", ("valueIdentifier", paper("12345"))),
    ("identity_document", ("valueIdentifier", paper(kind="library-card"))),
    ("identity_document", ("valueIdentifier", {"value": "099203000001"})),
    ("name", ("valueString", "Nguyễn\u200bThử")),
    ("name", ("valueString", "Nguyễn\tThử")),
    ("name", ("valueString", "Nguyễn \u202eThử")),
    ("name", ("valueString", "Thử <b>")),
    ("name", ("valueString", "Thử 1")),
    ("name", ("valueString", "Ă" * 201)),
    ("name", ("valueString", "Иван Мау")),
    ("other_name", ("valueString", "王小明")),
    ("father_name", ("valueString", "A\u0301\u0302\u0303\u0304")),
    # Its capital is written with a letter that is not printed.
    ("name", ("valueString", "Thử ŉ")),
    ("birth_place", ("valueAddress", {"text": "北京"})),
    ("identity_document", ("valueIdentifier", {**paper(), "assigner": {"display": "МВД"}})),
    ("copies", ("valuePositiveInt", 21)),
    ("copies", ("valueString", "2")),
    ("phone", ("valueString", "call me")),
    ("residence", ("valueAddress", {"text": "Tỉnh 99"})),
    ("residence", ("valueAddress", {"period": {"start": "2020-02-02", "end": "2019-01-01"}})),
    ("attachment", ("valueAttachment", {"contentType": "text/html", "data": "UERG"})),
    ("attachment", ("valueAttachment", {"contentType": "application/pdf", "url": "http://x.test"})),
    ("attachment", ("valueAttachment", {"contentType": "image/png", "data": "AAAA" * 1_800_000})),
    ("no_such_field", ("valueString", "x")),
]


@pytest.mark.parametrize(("name", "value"), VALUES, ids=range(len(VALUES)))
async def test_a_value_that_cannot_be_is_told_where(bench, name, value):
    [where] = set(await refused(bench, **{name: value}))
    assert where.startswith("Parameters.parameter[")


@pytest.mark.parametrize("value", [("valueDate", "2001-02-29"), ("valueString", "\u0000")])
async def test_what_is_no_fhir_is_refused_before(bench, value):
    await refused(bench, birth_date=value)


async def test_too_many_rows_are_refused(bench):
    rows = [("valueString", "x")] * 301
    assert await refused(bench, declared_conviction=rows) == ["Parameters.parameter"]
    assert await refused(bench, declared_conviction=rows[:51]) == [
        "Parameters.parameter.where(name='declared-conviction')"
    ]


async def test_the_age_is_the_laws_of_the_day(bench):
    bench.clock[0] = 1_782_838_799_000_000  # 2026-06-30T23:59:59+07:00
    child = {"birth_date": ("valueDate", "2011-01-01")}
    await bench.submitted(**child)
    bench.clock[0] += 1_000_000
    assert await refused(bench, **child)
