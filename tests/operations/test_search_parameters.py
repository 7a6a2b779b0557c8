"""A SearchParameter is posted, built as a job, searched by, changed and deleted while serving."""

import asyncio

import pytest

from fhir_server.access.caller import Caller
from fhir_server.interactions import search_parameters as stored
from fhir_server.interactions.current import Current
from fhir_server.jobs.definitions import listening
from fhir_server.jobs.queue import Job
from fhir_server.jobs.worker import Work
from fhir_server.operations import search_parameters
from tests.client import health, issues
from tests.search.test_definition import defined

VILLAGE = "http://example.org/village"


def patient(id_, village):
    extension = [{"url": VILLAGE, "valueCode": village}]
    return {"resourceType": "Patient", "id": id_, "extension": extension}


async def put(fhir, resource):
    answer = await fhir.put(f"{resource['resourceType']}/{resource['id']}", resource)
    assert answer.is_success, answer.text
    return answer


async def built(fhir):
    """Do the job that is due, as a worker would."""
    jobs = fhir.context.store.jobs
    await fhir.context.store.database.jobs.update_many({}, [{"$set": {"due": "$$NOW"}}])
    while document := await jobs.claim([search_parameters.KIND]):
        job = Job(document)
        answer = await search_parameters.build(Work(fhir.context.but(caller=Caller("server")), job))
        await jobs.finish(job.id, job.token, "done", head=b"{}", body=answer.body, kept=60)


async def status(fhir, id_="village"):
    answer = await fhir.get(f"SearchParameter/{id_}/$status")
    assert answer.status_code == 200, answer.text
    told = {}
    for one in answer.json()["parameter"]:
        if one["name"] == "type":
            part = {p["name"]: next(v for k, v in p.items() if k != "name") for p in one["part"]}
            told[part.pop("code")] = part
        else:
            told[one["name"]] = next(value for name, value in one.items() if name != "name")
    return told


async def found(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    assert {entry["search"]["mode"] for entry in entries} <= {"match"}
    return [entry["resource"]["id"] for entry in entries]


async def refused(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 400, answer.text
    return issues(answer)[0]


async def declared(fhir):
    (rest,) = (await fhir.get("metadata")).json()["rest"]
    (told,) = [one for one in rest["resource"] if one["type"] == "Patient"]
    return told


async def test_a_parameter_is_built_and_then_searched_by(fhir):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, patient("p2", "v2"))
    assert (await refused(fhir, "Patient?village=v1"))["code"] == "not-supported"
    await put(fhir, defined())

    issue = await refused(fhir, "Patient?village=v1")
    assert (issue["code"], "being built" in issue["diagnostics"]) == ("incomplete", True)
    assert await status(fhir) == {
        "state": "building",
        "reason": "it waits for its turn",
        "Patient": {"state": "building", "indexed": 0, "total": 2},
    }
    told = await declared(fhir)
    assert told["documentation"] == "Search parameters being built: village."
    assert "village" not in {one["name"] for one in told["searchParam"]}

    await put(fhir, patient("p3", "v1"))
    await built(fhir)
    assert await found(fhir, "Patient?village=v1") == ["p1", "p3"]
    assert await found(fhir, "Patient?village:not=v1") == ["p2"]
    assert await status(fhir) == {
        "state": "ready",
        "Patient": {"state": "ready", "indexed": 3, "total": 3},
    }
    told = await declared(fhir)
    assert {"name": "village", "definition": defined()["url"], "type": "token"} in told[
        "searchParam"
    ]
    assert (await fhir.get("SearchParameter/village")).json()["code"] == "village"
    rows = await fhir.context.store.database.Patient.index_information()
    assert rows["stored_village"]["key"] == [("x.village", 1)]


async def test_other_searches_of_the_type_go_on_without_a_warning(fhir):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    assert await found(fhir, "Patient?_id=p1") == ["p1"]


async def test_a_lenient_search_leaves_it_out_and_says_so(fhir):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    answer = await fhir.get("Patient?village=v9", prefer="handling=lenient")
    modes = [entry["search"]["mode"] for entry in answer.json()["entry"]]
    assert modes == ["match", "outcome"]
    assert "being built" in answer.text


@pytest.mark.parametrize("end", ["delete", "retire", "patch"])
async def test_one_that_ends_is_unknown_at_once_and_leaves_no_trace(fhir, end):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    await built(fhir)
    assert await found(fhir, "Patient?village=v1") == ["p1"]
    match end:
        case "delete":
            await fhir.delete("SearchParameter/village")
        case "retire":
            await put(fhir, defined(status="retired"))
            assert (await status(fhir))["state"] == "unused"
        case _:
            operation = [{"op": "replace", "path": "/status", "value": "draft"}]
            answer = await fhir.patch(
                "SearchParameter/village",
                operation,
                Content_Type="application/json-patch+json",
            )
            assert answer.is_success, answer.text
    assert (await refused(fhir, "Patient?village=v1"))["code"] == "not-supported"
    await built(fhir)
    document = await fhir.context.store.database.Patient.find_one({"_id": "p1"})
    assert "village" not in document["x"]
    assert "stored_village" not in await fhir.context.store.database.Patient.index_information()
    await put(fhir, defined())
    assert (await status(fhir))["state"] == "building"


async def test_another_expression_is_built_again_and_the_old_one_answers_nothing(fhir):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    await built(fhir)
    await put(fhir, defined(expression="Patient.extension('http://example.org/other')"))
    assert (await refused(fhir, "Patient?village=v1"))["code"] == "incomplete"
    await built(fhir)
    assert await found(fhir, "Patient?village=v1") == []


async def test_a_change_that_means_the_same_is_not_built_again(fhir):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    await built(fhir)
    await put(fhir, defined(description="Another text."))
    assert await found(fhir, "Patient?village=v1") == ["p1"]


async def test_two_active_parameters_never_have_one_code_on_a_type(fhir):
    await put(fhir, defined())
    twin = defined(url=f"{VILLAGE}-2", id="twin")
    answer = await fhir.put("SearchParameter/twin", twin)
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["SearchParameter.code"]
    await put(fhir, twin | {"status": "draft"})
    await fhir.delete("SearchParameter/village")
    await put(fhir, twin)


def bundle(kind, *resources):
    entry = [
        {
            "resource": one,
            "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"},
        }
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entry}


async def test_a_transaction_brings_parameters_whole_or_not_at_all(fhir):
    twin = defined(url=f"{VILLAGE}-2", id="twin")
    answer = await fhir.post("", bundle("transaction", defined(), twin))
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1].resource.code"]
    assert (await fhir.get("SearchParameter/village")).status_code == 404
    answer = await fhir.post("", bundle("transaction", patient("p1", "v1"), defined()))
    assert answer.status_code == 200, answer.text
    await built(fhir)
    assert await found(fhir, "Patient?village=v1") == ["p1"]


async def test_a_batch_refuses_the_one_that_clashes_alone(fhir):
    twin = defined(url=f"{VILLAGE}-2", id="twin")
    answer = (await fhir.post("", bundle("batch", defined(), twin))).json()
    assert [one["response"]["status"][:3] for one in answer["entry"]] == ["201", "422"]


async def test_a_conditional_create_makes_one(fhir):
    resource = defined(id=None)
    for expected in (201, 200):
        answer = await fhir.post("SearchParameter", resource, if_none_exist="code=village")
        assert answer.status_code == expected, answer.text


async def test_as_many_are_active_as_the_limit_allows(store, spec):
    async with health(store, spec, max_search_parameters=1) as fhir:
        await put(fhir, defined())
        second = defined(id="second", url=f"{VILLAGE}-2", code="second")
        answer = await fhir.put("SearchParameter/second", second)
        assert (answer.status_code, issues(answer)[0]["code"]) == (422, "too-costly")
        await put(fhir, second | {"status": "draft"})
        await put(fhir, defined(description="It may still be written."))


async def test_what_cannot_be_used_is_refused_with_its_place_and_a_draft_is_kept(fhir):
    bad = defined(expression="Patient.nothing")
    answer = await fhir.put("SearchParameter/village", bad)
    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["SearchParameter.expression"]
    await put(fhir, bad | {"status": "draft"})
    assert (await status(fhir))["state"] == "unused"
    activate = [{"op": "replace", "path": "/status", "value": "active"}]
    answer = await fhir.patch(
        "SearchParameter/village", activate, Content_Type="application/json-patch+json"
    )
    assert answer.status_code == 422


async def test_the_servers_own_parameter_is_kept_and_changes_nothing(fhir, spec):
    url = "http://hl7.org/fhir/SearchParameter/Patient-identifier"
    own = spec.parameters[url]
    await put(
        fhir,
        defined(url=url, code=own.code, base=[*own.base], expression=own.expression, type=own.type),
    )
    assert (await status(fhir))["state"] == "defined"
    assert fhir.context.spec.stored == {}


async def test_the_state_of_nothing_is_not_found_and_of_a_deleted_one_gone(fhir):
    assert (await fhir.get("SearchParameter/village/$status")).status_code == 404
    await put(fhir, defined())
    await fhir.delete("SearchParameter/village")
    assert (await fhir.get("SearchParameter/village/$status")).status_code == 410


async def test_another_process_hears_of_it_when_it_asks(fhir, spec):
    other = fhir.context.but(current=Current(spec))
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    assert other.spec.stored == {}
    await stored.refresh(other)
    assert other.spec.building == {"Patient": {"village": "it waits for its turn"}}
    await built(fhir)
    await stored.refresh(other)
    assert "village" in other.spec.search_params("Patient")
    assert await fhir.context.store.jobs.count() == {"done": 1}


async def test_of_two_written_at_the_same_time_that_clash_one_is_refused(fhir):
    twin = defined(url=f"{VILLAGE}-2", id="twin")
    both = [
        fhir.put("SearchParameter/village", defined()),
        fhir.put("SearchParameter/twin", twin),
    ]
    answers = await asyncio.gather(*both)
    assert sorted(answer.status_code for answer in answers) == [201, 422]


async def test_a_job_that_was_given_up_is_put_again(fhir):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    jobs = fhir.context.store.database.jobs
    await jobs.update_many({}, {"$set": {"state": "failed"}})
    await stored.refresh(fhir.context)
    assert await fhir.context.store.jobs.count() == {"queued": 1}
    await built(fhir)
    assert await found(fhir, "Patient?village=v1") == ["p1"]


async def test_while_it_is_built_it_says_how_far_it_is(fhir):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    jobs = fhir.context.store.database.jobs
    await jobs.update_many({}, {"$set": {"text": "Patient: 0 of 1", "percent": 0}})
    await stored.refresh(fhir.context)
    issue = await refused(fhir, "Patient?village=v1")
    told = "'village' is being built for Patient: Patient: 0 of 1 (0 %)."
    assert issue["diagnostics"] == told
    assert (await status(fhir))["reason"] == "Patient: 0 of 1 (0 %)"


async def test_validate_says_what_a_write_would_refuse(fhir):
    answer = await fhir.post("SearchParameter/$validate", defined(expression="Patient.nothing"))
    assert issues(answer)[0]["expression"] == ["SearchParameter.expression"]


async def test_a_parameter_of_every_type_is_built_without_indexes(fhir):
    await put(fhir, patient("p1", "v1"))
    everywhere = defined(base=["Resource"], code="lang", expression="Resource.language")
    await put(fhir, everywhere)
    await put(fhir, patient("p2", "v1") | {"language": "vi"})
    await built(fhir)
    assert await found(fhir, "Patient?lang=vi") == ["p2"]
    assert "stored_lang" not in await fhir.context.store.database.Patient.index_information()
    told = await status(fhir)
    assert (told["state"], told["Patient"]["indexed"]) == ("ready", 2)


async def test_a_restart_takes_up_what_is_stored(fhir, spec):
    await put(fhir, patient("p1", "v1"))
    await put(fhir, defined())
    # As if the process had died before it put the job on the queue.
    await fhir.context.store.database.jobs.delete_many({})
    again = fhir.context.but(current=Current(spec))
    await stored.refresh(again)
    await built(fhir)
    await stored.refresh(again)
    assert again.spec.building == {}
    assert "village" in again.spec.search_params("Patient")


async def test_nothing_is_committed_that_older_definitions_indexed(fhir, spec):
    store = fhir.context.store
    await put(fhir, defined())
    async with health(store, spec) as other, listening(other.context):
        # It has asked nothing yet; its first commit does.
        assert other.context.spec.stored == {}
        await put(other, patient("p1", "v1"))
    document = await store.database.Patient.find_one({"_id": "p1"})
    assert document["x"]["village"] == ["|v1", "*|v1"]
    assert document["f"] == fhir.context.index_format("Patient")


async def test_an_upgrade_that_takes_the_code_leaves_the_stored_one_out_and_says_so(fhir, spec):
    await put(fhir, defined())
    document = await fhir.context.store.database.SearchParameter.find_one({})
    body = document["body"].replace(b'"code":"village"', b'"code":"gender"')
    await fhir.context.store.database.SearchParameter.update_one({}, {"$set": {"body": body}})
    again = fhir.context.but(current=Current(spec))
    await stored.refresh(again)
    assert again.spec.stored == {}
    assert "gender" in again.current.told[defined()["url"]]
