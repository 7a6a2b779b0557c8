"""Chains, _has and _list end to end, and what they show to whom."""

import pytest

from fhir_server.access import decide
from fhir_server.fhir.errors import Forbidden, Invalid
from fhir_server.interactions import questions
from fhir_server.interactions.context import Context
from fhir_server.search.condition import AnyOf, Coded, Everything, Not
from fhir_server.store.joins import Bounds
from tests.client import health, issues


@pytest.fixture
async def fhir(store, spec):
    """Give a base with two clinics, three patients, visits and results."""
    async with health(store, spec) as client:
        await put(client, "Organization", "north", name="Bệnh viện Bắc")
        south = await put(
            client, "Organization", "south", name="Bệnh viện Nam", partOf=to("Organization/north")
        )
        assert south["id"] == "south"
        await put(client, "Patient", "an", name=[{"text": "Nguyễn Văn An"}], **clinic("north"))
        await put(client, "Patient", "binh", name=[{"text": "Lê Bình"}], **clinic("south"))
        await put(client, "Patient", "chi", name=[{"text": "Trần Chi"}])
        await observation(client, "1", "an", "718-7")
        await observation(client, "2", "binh", "718-7")
        await observation(client, "3", "binh", "2951-2")
        await put(
            client,
            "List",
            "l",
            status="current",
            mode="working",
            entry=[{"item": to("Patient/an")}, {"item": to("Observation/3")}],
        )
        yield client


def to(reference):
    return {"reference": reference}


def clinic(id_):
    return {"managingOrganization": to(f"Organization/{id_}")}


async def put(client, type_, id_, **more):
    answer = await client.put(f"{type_}/{id_}", {"resourceType": type_, "id": id_, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def observation(client, id_, patient, code):
    coding = {"system": "http://loinc.org", "code": code}
    about = {"subject": to(f"Patient/{patient}"), "code": {"coding": [coding]}}
    await put(client, "Observation", id_, status="final", **about)


async def ids(client, query):
    answer = await client.get(query)
    assert answer.status_code == 200, answer.text
    found = [entry["resource"]["id"] for entry in answer.json().get("entry", [])]
    return sorted(found)


JOINS = [
    ("Observation?patient.name=an", ["1"]),
    ("Observation?subject:Patient.name=binh", ["2", "3"]),
    ("Observation?subject.name=binh&code=2951-2", ["3"]),
    ("Observation?patient.organization.name=benh vien bac", ["1"]),
    ("Observation?patient.name:exact=Trần Chi", []),
    ("Observation?patient._id=an,binh", ["1", "2", "3"]),
    ("Observation?patient.organization:missing=false", ["1", "2", "3"]),
    ("Observation?patient.organization.partof.name=benh vien bac", ["2", "3"]),
    ("Patient?_has:Observation:patient:code=http://loinc.org|718-7", ["an", "binh"]),
    ("Patient?_has:Observation:patient:code=2951-2&name=binh", ["binh"]),
    ("Organization?_has:Patient:organization:_has:Observation:patient:code=2951-2", ["south"]),
    ("Observation?patient._has:List:item:status=current", ["1"]),
    ("Patient?_list=l", ["an"]),
    ("Observation?_list=l", ["3"]),
    ("Patient?_list=none", []),
]


WRONG = [
    "Observation?patient.nonsense=1",
    "Observation?subject:Practitioner.name=x",
    "Patient?_has:Observation:encounter:code=1",
    "Patient?_has:Observation:patient=1",
    "Patient?_list=$current-allergies",
    "Observation?patient.birthdate=yesterday",
    "Observation?a.b.c.d.e.f.g=1",
    "Observation?patient.=1",
    "Observation?.=1",
    "Observation?_has:::=1",
    "Observation?patient.$where=1",
]


@pytest.mark.parametrize("limit", [1_000, 0], ids=["ahead", "looked up"])
async def test_joins_find_what_they_ask_for(fhir, limit):
    fhir.context.store._bounds = Bounds(limit)
    for query, expected in JOINS:
        assert await ids(fhir, query) == expected, query
        counted = (await fhir.get(f"{query}&_summary=count")).json()
        assert counted["total"] == len(expected), query


@pytest.mark.parametrize("limit", [1_000, 0], ids=["ahead", "looked up"])
async def test_pages_of_a_join_follow_one_another(fhir, limit):
    fhir.context.store._bounds = Bounds(limit)
    url, seen = "Observation?patient.organization:missing=false&_sort=-code&_count=1", []
    while url:
        page = (await fhir.get(url)).json()
        seen += [entry["resource"]["id"] for entry in page.get("entry", [])]
        links = {link["relation"]: link["url"] for link in page["link"]}
        url = links.get("next", "").partition("/fhir/")[2]
    assert sorted(seen) == ["1", "2", "3"]


@pytest.mark.parametrize("limit", [1_000, 0], ids=["ahead", "looked up"])
@pytest.mark.parametrize("hidden", ["Patient", "Organization"])
async def test_a_hop_to_a_type_the_caller_may_not_search_is_refused(
    fhir, monkeypatch, hidden, limit
):
    fhir.context.store._bounds = Bounds(limit)

    def narrow(_caller, _interaction, type_, *_terms):
        if type_ == hidden:
            raise Forbidden("no")
        return Everything()

    monkeypatch.setattr(decide, "decide", narrow)
    for asked in ("name=benh vien bac", "name:missing=true"):
        answer = await fhir.get(f"Observation?patient.organization.{asked}")
        assert answer.status_code == 403
    back = await fhir.get("Observation?patient._has:Observation:patient:code=718-7")
    assert back.status_code == (403 if hidden == "Patient" else 200)


async def test_of_the_types_a_hop_may_lead_to_those_are_asked_that_may_be(fhir, monkeypatch):
    def narrow(_caller, _interaction, type_, *_terms):
        if type_ != "Observation" and type_ not in seen:
            raise Forbidden("no")
        return Everything()

    monkeypatch.setattr(decide, "decide", narrow)
    asked = "Observation?subject.identifier:missing=true"
    seen = {"Patient"}
    assert await ids(fhir, asked) == ["1", "2", "3"]
    seen = {"Device"}
    assert await ids(fhir, asked) == []
    seen = set()
    assert (await fhir.get(asked)).status_code == 403


async def test_a_hop_passes_only_what_the_caller_may_see(fhir, monkeypatch):
    def narrow(_caller, _interaction, type_, *_terms):
        return Not(AnyOf("_id", ("an",))) if type_ == "Patient" else Everything()

    monkeypatch.setattr(decide, "decide", narrow)
    assert await ids(fhir, "Observation?patient.gender:missing=true") == ["2", "3"]
    # What the caller may not see is not there for its results either.
    assert await ids(fhir, "Patient?_has:Observation:patient:code=718-7") == ["binh"]


async def test_conditional_writes_take_joins(fhir):
    new = {
        "resourceType": "Observation",
        "status": "amended",
        "subject": to("Patient/an"),
        "code": {"text": "x"},
    }
    answer = await fhir.put("Observation?patient.name=an", new)
    assert (answer.status_code, answer.json()["id"]) == (200, "1")
    several = await fhir.put("Observation?patient.name=binh", new)
    assert several.status_code == 412
    gone = await fhir.delete("Observation?patient.organization.name=benh vien bac")
    assert gone.status_code == 204
    assert await ids(fhir, "Observation?") == ["2", "3"]


async def test_a_conditional_delete_of_several_takes_joins(store, spec, fhir):
    async with health(store, spec, conditional_delete_max=5, referential_integrity=False) as client:
        assert (await client.delete("Observation?patient.name=binh")).status_code == 204
        assert await ids(client, "Observation?") == ["1"]


async def test_a_conditional_reference_takes_joins(fhir):
    entry = {
        "resource": {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "subject": to("Patient?organization.name=benh vien nam"),
        },
        "request": {"method": "POST", "url": "Observation"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = await fhir.post("", bundle)
    assert answer.status_code == 200, answer.text
    [made] = answer.json()["entry"]
    read = await fhir.get(made["response"]["location"].partition("/fhir/")[2])
    assert read.json()["subject"] == to("Patient/binh")


async def test_a_write_is_refused_where_a_join_has_too_many_keys(fhir):
    fhir.context.store._bounds = Bounds(0)
    answer = await fhir.delete("Observation?patient.name=an")
    assert (answer.status_code, issues(answer)[0]["code"]) == (422, "too-costly")
    assert await ids(fhir, "Observation?") == ["1", "2", "3"]


async def test_a_chain_that_leads_nowhere_is_a_400(store, spec):
    async with health(store, spec) as client:
        for query in WRONG:
            answer = await client.get(query)
            assert answer.status_code == 400, query
            assert issues(answer)


class Terms:
    """A terminology of two codes, one below the other."""

    def __init__(self):
        self.allowed = None

    async def expand(self, allow, value_set):
        self.allowed = allow("ValueSet")
        return frozenset({("http://loinc.org", "718-7"), (value_set, "x")})

    async def below(self, _allow, _system, code):
        return frozenset({code, "2951-2"})

    async def above(self, _allow, _system, code):
        return frozenset({code})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("code:in=http://example.org/vs", ["1", "2"]),
        ("code:not-in=http://example.org/vs", ["3"]),
        ("code:below=http://loinc.org|718-7", ["1", "2", "3"]),
        ("code:above=http://loinc.org|2951-2", ["3"]),
        ("code:above=http://example.org|2951-2", []),
    ],
)
async def test_questions_about_codes_are_asked_of_the_terminology(
    fhir, monkeypatch, asked, expected
):
    terms = Terms()
    monkeypatch.setattr(Context, "terminology", terms)
    assert await ids(fhir, f"Observation?{asked}") == expected
    assert terms.allowed in (None, Everything())


async def test_a_code_without_its_system_has_no_place_in_a_hierarchy(fhir, monkeypatch):
    monkeypatch.setattr(Context, "terminology", Terms())
    with pytest.raises(Invalid):
        await questions.answered(fhir.context, Coded("x.code", "below", "718-7"))
