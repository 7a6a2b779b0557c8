"""What a patient's or a clinician's client gets over the API: its own, and no trace of the rest."""

from dataclasses import replace

import pytest

from fhir_server.access.caller import Caller, Part, Reach
from tests.client import health, issues

PATCH = [{"op": "add", "path": "/active", "value": False}]
MINE = Reach({"patient": Part(frozenset({"a"}))})
APP = Caller("app", client="app", user="Patient/a", patient="a", scopes=("patient/*.cruds",))
APP = replace(APP, reach=MINE)


def scoped(*scopes, **reach):
    return replace(APP, scopes=scopes, reach=replace(MINE, **reach))


def about(patient, type_="Observation", **more):
    coding = [{"system": "http://example.org/codes", "code": "x"}]
    return {
        "resourceType": type_,
        "status": "final",
        "code": {"coding": coding},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


@pytest.fixture
async def world(fhir):
    """Two patients, what is known of each, and what is everybody's."""
    await fhir.put("Organization/h", {"resourceType": "Organization", "id": "h", "name": "H"})
    for id_, name in (("a", "Anna"), ("b", "Binh")):
        patient = {"resourceType": "Patient", "id": id_, "name": [{"family": name}]}
        await fhir.put(f"Patient/{id_}", patient)
        await fhir.put(f"Observation/{id_}1", about(id_, id=f"{id_}1"))
    return fhir


async def asked(store, spec, caller, method, path, body=None, **headers):  # noqa: PLR0917 a request
    """Give the answer of one request by a caller."""
    async with health(store, spec, caller=caller, conditional_delete_max=5) as client:
        send = getattr(client, method)
        return await (send(path, **headers) if body is None else send(path, body, **headers))


def told(response, *names):
    """Give status and body with the id asked for made one and the same."""
    text = response.text
    for name in names:
        text = text.replace(name, "ID")
    headers = {
        k: v for k, v in response.headers.items() if k.lower() not in ("date", "x-request-id")
    }
    return response.status_code, text, headers.keys()


async def ids(store, spec, caller, path):
    response = await asked(store, spec, caller, "get", path)
    assert response.status_code == 200, response.text
    return sorted(one["resource"]["id"] for one in response.json().get("entry", ()))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "{}", None),
        ("get", "{}/_history", None),
        ("get", "{}/_history/1", None),
        ("get", "{}/$meta", None),
        ("get", "{}/$diff", None),
        ("patch", "{}", PATCH),
        ("put", "{}", "own"),
    ],
)
async def test_what_is_hidden_is_answered_as_what_never_was(  # noqa: PLR0917 fixtures and a row
    store, spec, world, method, path, body
):
    content = {"patch": {"Content-Type": "application/json-patch+json"}}.get(method, {})
    answers = []
    for id_ in ("b1", "zz"):
        sent = about("a", id=id_) if body == "own" else body
        where = path.format(f"Observation/{id_}")
        answers.append(await asked(store, spec, APP, method, where, sent, **content))
    hidden, absent = answers
    assert hidden.status_code == 404
    assert told(hidden, "b1") == told(absent, "zz")
    mine = about("a", id="a1", note=[{"text": "new"}]) if body == "own" else body
    own = await asked(store, spec, APP, method, path.format("Observation/a1"), mine, **content)
    assert own.status_code in (200, 422) or path.endswith("$diff"), own.text


@pytest.mark.parametrize("headers", [{"If_None_Match": 'W/"1"'}, {"If_Match": 'W/"1"'}])
async def test_conditions_on_versions_tell_nothing_of_what_is_hidden(store, spec, world, headers):
    for method, body in (("get", None), ("put", "own")):
        answers = []
        for id_ in ("b1", "zz"):
            sent = about("a", id=id_) if body else None
            answers.append(
                await asked(store, spec, APP, method, f"Observation/{id_}", sent, **headers)
            )
        assert told(answers[0], "b1") == told(answers[1], "zz")


async def test_a_delete_of_what_is_hidden_does_nothing_and_says_the_same(store, spec, world):
    hold = {"system": "http://fhir-server.vn/CodeSystem/legal-hold", "code": "hold"}
    await world.put("Observation/b2", about("b", id="b2", meta={"tag": [hold]}))
    answers = [
        await asked(store, spec, APP, "delete", f"Observation/{one}") for one in ("b1", "b2", "zz")
    ]
    assert [one.status_code for one in answers] == [204, 204, 204]
    assert (await world.get("Observation/b1")).status_code == 200
    assert (await asked(store, spec, APP, "delete", "Observation/a1")).status_code == 204
    assert (await asked(store, spec, APP, "get", "Observation/a1")).status_code == 410


async def test_what_is_hidden_is_not_changed_by_a_condition(store, spec, world):
    answer = await asked(store, spec, APP, "delete", "Observation?code=x")
    assert answer.status_code == 204
    assert (await world.get("Observation/b1")).status_code == 200
    assert (await world.get("Observation/a1")).status_code == 410


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Observation", ["a1"]),
        ("Observation?code=x", ["a1"]),
        ("Observation?patient=b", []),
        ("Observation?subject=Patient/b", []),
        ("Observation?patient=a,b", ["a1"]),
        ("Patient", ["a"]),
        ("Patient?name=binh", []),
        ("Patient/b/Observation", []),
        ("Patient/a/*", ["a", "a1"]),
        ("?_type=Patient,Observation", ["a", "a1"]),
        ("Observation?patient.name=binh", []),
        ("Observation?patient.name=anna", ["a1"]),
        ("Patient?_has:Observation:patient:code=x", ["a"]),
        ("Patient?_revinclude=Observation:subject", ["a", "a1"]),
        ("Observation?_include=Observation:subject", ["a", "a1"]),
        ("Observation/_history", ["a1"]),
        ("Organization", ["h"]),
        ("Task", []),
    ],
)
async def test_a_search_finds_what_is_in_reach(store, spec, world, path, found):
    assert await ids(store, spec, APP, path) == found


async def test_totals_count_what_is_in_reach(store, spec, world):
    answer = await asked(store, spec, APP, "get", "Observation?_summary=count")
    assert answer.json()["total"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "Observation?patient.name=anna",
        "Observation?subject:Patient.name=anna",
        "Observation?_has:Provenance:target:agent=x",
        "Observation?_filter=subject.name eq anna",
        "Patient/a",
        "Patient?_id=a",
        "Condition",
        "?_type=Patient",
        "Patient/a/$everything",
        "Condition?_count=0",
        "ValueSet/$expand?url=http://example.org/v",
        "$diff?from=Patient/a&to=Patient/a",
    ],
)
async def test_a_type_that_is_in_no_scope_is_refused_and_never_found_empty(
    store, spec, world, path
):
    caller = scoped("patient/Observation.r", "patient/Encounter.s")
    if path.startswith("Observation?"):
        caller = scoped("patient/Observation.rs")
    answer = await asked(store, spec, caller, "get", path)
    assert answer.status_code == 403, answer.text
    assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_a_granular_scope_keeps_includes_and_history_to_it_too(store, spec, world):
    laboratory = {"coding": [{"code": "laboratory"}]}
    await world.put("Observation/a2", about("a", id="a2", category=[laboratory]))
    derived = about(
        "a", id="a3", category=[laboratory], derivedFrom=[{"reference": "Observation/a1"}]
    )
    await world.put("Observation/a3", derived)
    caller = scoped("patient/Observation.rs?category=laboratory")
    assert await ids(store, spec, caller, "Observation") == ["a2", "a3"]
    asked_ = "Observation?_include=Observation:derived-from"
    assert await ids(store, spec, caller, asked_) == ["a2", "a3"]
    await world.put("Observation/a2", about("a", id="a2"))
    assert (await asked(store, spec, caller, "get", "Observation/a2")).status_code == 404
    assert (await asked(store, spec, caller, "get", "Observation/a2/_history/2")).status_code == 404
    assert (await asked(store, spec, caller, "get", "Observation/a2/_history/1")).status_code == 200


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (about("a"), 201),
        (about("b"), 422),
        (about("none"), 422),
        (about("a", performer=[{"reference": "Patient/b"}]), 422),
        (about("a", derivedFrom=[{"reference": "Observation/b1"}]), 422),
        ({"resourceType": "Organization", "name": "x"}, 403),
        ({"resourceType": "Task", "status": "draft", "intent": "order"}, 403),
        ({"resourceType": "Patient"}, 403),
        ({"resourceType": "Bundle", "type": "collection"}, 403),
    ],
)
async def test_what_is_made_is_the_patients_own(store, spec, world, resource, status):
    answer = await asked(store, spec, APP, "post", resource["resourceType"], resource)
    assert answer.status_code == status, answer.text


async def test_a_reference_to_what_is_hidden_fails_as_one_to_nothing(store, spec, world):
    hidden = await asked(store, spec, APP, "post", "Observation", about("b"))
    absent = await asked(store, spec, APP, "post", "Observation", about("zz"))
    assert told(hidden, "Patient/b") == told(absent, "Patient/zz")


async def test_without_integrity_a_foreign_subject_is_forbidden(store, spec, world):
    async with health(store, spec, caller=APP, referential_integrity=False) as client:
        for one in ("b", "zz"):
            assert (await client.post("Observation", about(one))).status_code == 403
        planted = {**about("b"), "id": "a1"}
        assert (await client.put("Observation/a1", planted)).status_code == 403
        taken = {**about("a"), "id": "b1"}
        assert (await client.put("Observation/b1", taken)).status_code == 404


async def test_a_patient_is_not_linked_to_another(store, spec, world):
    async with health(store, spec, caller=APP, referential_integrity=False) as client:
        link = [{"other": {"reference": "Patient/b"}, "type": "seealso"}]
        grafted = {"resourceType": "Patient", "id": "a", "link": link}
        assert (await client.put("Patient/a", grafted)).status_code == 403


async def test_an_entry_of_a_transaction_needs_the_letter_of_what_it_does(store, spec, world):
    def bundle(method, url, resource=None):
        entry = {"request": {"method": method, "url": url}}
        entry |= {"resource": resource} if resource else {}
        return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}

    creator = scoped("patient/Observation.c")
    made = bundle("POST", "Observation", about("a"))
    assert (await asked(store, spec, creator, "post", "", made)).status_code == 200
    changed = bundle("PUT", "Observation/a1", about("a", id="a1", note=[{"text": "x"}]))
    assert (await asked(store, spec, creator, "post", "", changed)).status_code == 403
    assert (
        await asked(store, spec, scoped("patient/Observation.u"), "post", "", changed)
    ).is_success
    for method, url in (("GET", "Observation/a1"), ("DELETE", "Observation/a1")):
        answer = await asked(store, spec, creator, "post", "", bundle(method, url))
        assert answer.status_code == 403
    absent = bundle("PUT", "Observation/zz", about("a", id="zz"))
    hidden = bundle("PUT", "Observation/b1", about("a", id="b1"))
    answers = [await asked(store, spec, APP, "post", "", one) for one in (absent, hidden)]
    assert told(answers[0], "zz") == told(answers[1], "b1")
    assert answers[0].status_code == 404


async def test_a_condition_of_a_create_needs_to_search(store, spec, world):
    condition = {"If_None_Exist": "code=x"}
    creator = scoped("patient/Observation.c")
    answer = await asked(store, spec, creator, "post", "Observation", about("a"), **condition)
    assert answer.status_code == 403
    both = scoped("patient/Observation.cs")
    found = await asked(store, spec, both, "post", "Observation", about("a"), **condition)
    assert found.headers["location"].endswith("Observation/a1/_history/1")


async def test_who_refers_to_what_is_deleted_is_not_named_where_hidden(store, spec, world):
    await world.put(
        "Observation/b2", about("b", id="b2", derivedFrom=[{"reference": "Observation/a1"}])
    )
    answer = await asked(store, spec, APP, "delete", "Observation/a1")
    assert answer.status_code == 409
    assert "b2" not in answer.text
    assert issues(answer)[0]["diagnostics"].startswith("Another resource refers to")


async def test_a_clients_system_scope_may_choose_ids(store, spec, world):
    loader = Caller("loader", client="l", scopes=("system/Observation.cruds",))
    loader = replace(loader, reach=Reach({"system": Part(None)}))
    made = await asked(store, spec, loader, "put", "Observation/n1", about("b", id="n1"))
    assert made.status_code == 201
    assert (await asked(store, spec, loader, "get", "Patient/b")).status_code == 403


async def test_an_operation_of_its_own_needs_its_scope(store, spec, world):
    meta = {"tag": [{"code": "x"}]}
    body = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}
    for caller in (APP, scoped("system/*.cruds")):
        answer = await asked(store, spec, caller, "post", "Observation/a1/$meta-delete", body)
        assert answer.status_code == 403
        empty = {"resourceType": "Parameters"}
        for path in ("$reindex", "Patient/a/$purge"):
            answer = await asked(store, spec, caller, "post", path, empty)
            assert answer.status_code == 403, (path, answer.text)
        envelope = {"Content_Type": "application/xml"}
        answer = await asked(store, spec, caller, "post", "$submit-document", b"<a/>", **envelope)
        assert answer.status_code == 403, answer.text
    assert (await asked(store, spec, APP, "get", "Observation?__explain=true")).status_code == 403


async def test_who_is_told_nothing_by_scopes_reads_metadata_only(store, spec, world):
    nobody = scoped("openid")
    assert (await asked(store, spec, nobody, "get", "metadata")).status_code == 200
    for path in ("Patient/a", "Patient", "", "_history", "Patient/a/_history"):
        assert (await asked(store, spec, nobody, "get", path)).status_code == 403, path


async def test_who_may_change_but_not_read_is_not_shown_what_was_changed(store, spec, world):
    patch = [{"op": "add", "path": "/note", "value": [{"text": "x"}]}]
    content = {"Content_Type": "application/json-patch+json"}
    path = "Observation/a1"
    for scope, shown in (("u", False), ("ru", True)):
        caller = scoped(f"patient/Observation.{scope}")
        answer = await asked(store, spec, caller, "patch", path, patch, **content)
        assert answer.status_code == 200, answer.text
        assert ("subject" in answer.text) is shown
