"""_include and _revinclude end to end: what comes along, how often, how much, and for whom."""

import pytest

from fhir_server.access import decide
from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions import includes, respond
from fhir_server.search.condition import AnyOf, Everything, Not
from fhir_server.store.documents import Change
from tests.client import health


@pytest.fixture
async def fhir(store, spec):
    """Give a base with results of two patients, a clinic above a clinic, and who signed."""
    async with health(store, spec, referential_integrity=False) as client:
        await fill(client)
        yield client


def to(reference):
    return {"reference": reference}


async def put(client, type_, id_, **more):
    answer = await client.put(f"{type_}/{id_}", {"resourceType": type_, "id": id_, **more})
    assert answer.status_code == 201, answer.text


async def fill(client):
    await put(client, "Organization", "top", name="Top")
    await put(client, "Organization", "clinic", name="Clinic", partOf=to("Organization/top"))
    await put(client, "Practitioner", "doctor")
    for id_ in ("an", "binh"):
        await put(client, "Patient", id_, managingOrganization=to("Organization/clinic"))
    await result(client, "1", "an", performer=[to("Practitioner/doctor"), to("Patient/an")])
    await result(client, "2", "an", hasMember=[to("Observation/1"), to("Observation/gone")])
    await result(client, "3", "binh", performer=[to("http://elsewhere.example.org/Patient/an")])
    await put(
        client,
        "Provenance",
        "signed",
        target=[to("Observation/1/_history/1"), to("Observation/2")],
        recorded="2026-11-01T08:00:00+07:00",
        agent=[{"who": to("Practitioner/doctor")}],
    )
    await put(
        client,
        "CarePlan",
        "plan",
        status="active",
        intent="plan",
        subject=to("Patient/an"),
        instantiatesCanonical=["http://example.org/PlanDefinition/x"],
    )


async def result(client, id_, patient, **more):
    about = {"subject": to(f"Patient/{patient}"), "code": {"text": "Hb"}}
    await put(client, "Observation", id_, status="final", **about, **more)


async def told(client, query):
    """Give `Type/id` of the entries by mode."""
    answer = await client.get(query)
    assert answer.status_code == 200, answer.text
    found = {"match": [], "include": [], "outcome": []}
    for entry in answer.json().get("entry", ()):
        resource = entry["resource"]
        if entry["search"]["mode"] == "outcome":
            found["outcome"] += [issue["diagnostics"] for issue in resource["issue"]]
            continue
        name = f"{resource['resourceType']}/{resource['id']}"
        assert entry["fullUrl"].endswith(f"/fhir/{name}")
        found[entry["search"]["mode"]].append(name)
    return found


ITERATED = "Observation?_id=1&_include=Observation:patient&_include:iterate=Patient:organization"
OF_CLINIC = "Organization?_id=clinic&_revinclude=Patient:organization"
BROUGHT = [
    ("Observation?_id=1&_include=Observation:patient", ["Patient/an"]),
    ("Observation?_id=1&_include=Observation:subject:Patient", ["Patient/an"]),
    ("Observation?_id=1&_include=Observation:subject:Group", []),
    ("Observation?_include=Observation:patient", ["Patient/an", "Patient/binh"]),
    ("Observation?_id=1&_include=Observation:performer", ["Patient/an", "Practitioner/doctor"]),
    ("Observation?_id=3&_include=Observation:performer", []),
    ("Observation?_id=2&_include=Observation:has-member", ["Observation/1"]),
    ("Observation?_id=1,2&_include=Observation:has-member", []),
    ("Observation?_id=1&_include=Observation:*", ["Patient/an", "Practitioner/doctor"]),
    ("Observation?_id=2&_include=*", ["Observation/1", "Patient/an"]),
    (
        ITERATED,
        ["Organization/clinic", "Patient/an"],
    ),
    (
        f"{ITERATED}&_include:iterate=Organization:partof",
        ["Organization/clinic", "Organization/top", "Patient/an"],
    ),
    ("Observation?_id=1&_revinclude=Provenance:target", ["Provenance/signed"]),
    ("Observation?_id=1,2&_revinclude=Provenance:target:Observation", ["Provenance/signed"]),
    ("Observation?_id=3&_revinclude=Provenance:target", []),
    ("Observation?_id=1&_revinclude=*", ["Observation/2", "Provenance/signed"]),
    ("Observation?_id=1&_revinclude=Provenance:*", ["Provenance/signed"]),
    (
        f"{OF_CLINIC}&_revinclude:iterate=CarePlan:patient",
        ["CarePlan/plan", "Patient/an", "Patient/binh"],
    ),
    (
        "Patient?_id=an&_revinclude=Observation:patient&_include:iterate=Observation:performer",
        ["Observation/1", "Observation/2", "Practitioner/doctor"],
    ),
    ("Observation?_id=none&_include=*", []),
    ("Observation?_id=1&_count=0&_include=*", []),
]


async def test_includes_bring_along_what_they_name_each_once(fhir):
    for query, expected in BROUGHT:
        found = await told(fhir, query)
        assert sorted(found["include"]) == expected, query
        assert not found["outcome"], query


async def test_the_self_link_repeats_includes_and_the_total_counts_matches_only(fhir):
    query = "Observation?_include=Observation%3Apatient&_revinclude%3Aiterate=Provenance%3Atarget"
    body = (await fhir.get(f"{query}&_total=accurate")).json()
    assert body["total"] == 3
    assert body["link"][0]["url"].endswith(f"{query}&_total=accurate")


async def test_each_page_brings_its_own(fhir):
    page = (await fhir.get("Observation?_include=Observation:patient&_sort=-_id&_count=1")).json()
    assert [entry["resource"]["id"] for entry in page["entry"]] == ["3", "binh"]
    following = page["link"][1]["url"].partition("/fhir/")[2]
    page = (await fhir.get(following)).json()
    assert [entry["resource"]["id"] for entry in page["entry"]] == ["2", "an"]


async def test_a_canonical_is_resolved_by_url_and_version(fhir):
    url = "http://example.org/Questionnaire/q"
    for id_, version in (("q1", "1"), ("q2", "2")):
        resource = {"resourceType": "Questionnaire", "status": "active", "url": url}
        fields = {"url": url, "version": [f"|{version}", f"*|{version}"]}
        change = Change("Questionnaire", id_, "create", resource, fields, "1")
        await fhir.context.store.commit(Everything(), [change])
    for id_, canonical in (("any", url), ("two", f"{url}|2"), ("none", f"{url}|3")):
        await put(fhir, "QuestionnaireResponse", id_, status="completed", questionnaire=canonical)
    include = "_include=QuestionnaireResponse:questionnaire"
    for id_, expected in (
        ("any", ["Questionnaire/q1", "Questionnaire/q2"]),
        ("two", ["Questionnaire/q2"]),
        ("none", []),
    ):
        found = await told(fhir, f"QuestionnaireResponse?_id={id_}&{include}")
        assert sorted(found["include"]) == expected, id_
    back = "Questionnaire?_id=q1&_revinclude=QuestionnaireResponse:questionnaire"
    assert "QuestionnaireResponse/any" in (await told(fhir, back))["include"]


async def test_what_the_caller_may_not_see_is_not_brought_along(fhir, monkeypatch):
    def narrow(_caller, _interaction, type_, *_terms):
        if type_ == "Practitioner":
            raise Forbidden("no")
        return Not(AnyOf("_id", ("an",))) if type_ == "Patient" else Everything()

    monkeypatch.setattr(decide, "decide", narrow)
    assert (await told(fhir, "Observation?_id=1&_include=*"))["include"] == []
    assert (await told(fhir, "Observation?_include=*"))["include"] == ["Patient/binh"]


async def test_includes_that_are_too_many_are_cut_and_named(store, spec, fhir):
    async with health(store, spec, max_includes=1) as client:
        query = "Observation?_sort=_id&_include=Observation:patient&_revinclude=Provenance:target"
        found = await told(client, query)
        assert found["include"] == ["Patient/an"]
        [warning] = found["outcome"]
        assert "_include=Observation:patient and _revinclude=Provenance:target" in warning
        whole = await told(client, "Observation?_id=1&_include=Observation:patient")
        assert not whole["outcome"]


@pytest.mark.parametrize(
    ("where", "name", "bound"),
    [(respond, "PAGE", 400), (includes, "MAX_ROUNDS", 1), (includes, "MAX_QUERIES", 1)],
)
async def test_bytes_steps_and_queries_are_bounded_too(fhir, monkeypatch, where, name, bound):
    monkeypatch.setattr(where, name, bound)
    query = (
        "Observation?_id=1&_include=Observation:patient&_include=Observation:performer"
        "&_include:iterate=Patient:organization"
    )
    found = await told(fhir, query)
    assert len(found["include"]) < 3
    assert "not whole" in found["outcome"][0]


async def test_what_refers_to_itself_ends(fhir):
    await put(fhir, "Location", "a", partOf=to("Location/b"))
    await put(fhir, "Location", "b", partOf=to("Location/a"))
    found = await told(fhir, "Location?_id=a&_include:iterate=Location:partof")
    assert (found["match"], found["include"]) == (["Location/a"], ["Location/b"])


async def test_a_condition_takes_no_include(fhir):
    answer = await fhir.delete("Observation?_id=1&_include=*")
    assert answer.status_code == 400
    lastn = await fhir.get("Observation/$lastn?patient=an&_include=*")
    assert lastn.status_code == 400


async def test_the_capability_statement_lists_what_may_be_included(fhir):
    statement = (await fhir.get("metadata")).json()
    resources = {one["type"]: one for one in statement["rest"][0]["resource"]}
    assert {"*", "Observation:patient"} <= set(resources["Observation"]["searchInclude"])
    assert "Provenance:target" in resources["Observation"]["searchRevInclude"]


async def test_what_matches_refer_to_is_read_with_them(fhir, monkeypatch):
    async def asked(*_):
        raise AssertionError("their fields were asked for once more")

    monkeypatch.setattr(type(fhir.context.store), "fields", asked)
    found = await told(fhir, "Observation?_id=1&_include=Observation:patient")
    assert (found["match"], found["include"]) == (["Observation/1"], ["Patient/an"])
