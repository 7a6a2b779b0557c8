"""`Prefer: respond-async`: put aside, asked for, answered in a Bundle, cancelled."""

from email.utils import parsedate_to_datetime

import pytest

from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import NotFound
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from fhir_server.jobs import queue, request
from fhir_server.operations.async_status import status
from fhir_server.store.chunks import SIZE
from tests.client import BASE_URL, health, issues
from tests.jobs.working import until, worked

LATER = {"Prefer": "respond-async"}
PATIENT = {"resourceType": "Patient", "active": True}


def place(response):
    """Give where to ask, relative to the base."""
    assert response.status_code == 202, response.text
    return response.headers["content-location"].removeprefix(f"{BASE_URL}/")


async def answered(fhir, where):
    """Ask until there is an answer; give it."""

    async def over():
        response = await fhir.get(where)
        return None if response.status_code == 202 else response

    return await until(over)


async def entry(fhir, response):
    """Give the one entry of what is answered in the end."""
    done = await answered(fhir, place(response))
    assert done.status_code == 200
    bundle = done.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "batch-response")
    [only] = bundle["entry"]
    return only


async def test_a_request_put_aside_is_a_202_that_says_where_to_ask(fhir):
    response = await fhir.post("Patient", PATIENT, **LATER)
    assert response.status_code == 202
    assert response.headers["content-location"].startswith(f"{BASE_URL}/$async-status?job=")
    assert response.headers["preference-applied"] == "respond-async"
    assert issues(response)[0]["severity"] == "information"
    assert await fhir.stored() == 0


async def test_while_it_waits_the_status_is_a_202_with_progress(fhir):
    response = await fhir.get(place(await fhir.get("Patient", **LATER)))
    assert (response.status_code, response.content) == (202, b"")
    assert response.headers["x-progress"] == "queued"
    assert int(response.headers["retry-after"]) > 0


async def test_a_create_answers_with_its_location_etag_and_resource(fhir, worker):
    told = await entry(fhir, await fhir.post("Patient", PATIENT, **LATER))
    made = (await fhir.get(f"Patient/{told['resource']['id']}")).json()
    assert told["resource"] == made
    assert told["response"] == {
        "status": "201 Created",
        "location": f"{BASE_URL}/Patient/{made['id']}/_history/1",
        "etag": 'W/"1"',
        "lastModified": told["response"]["lastModified"],
    }
    assert told["response"]["lastModified"][:19] == made["meta"]["lastUpdated"][:19]


async def test_a_search_answers_with_its_searchset_and_its_parameters_are_kept(fhir, worker):
    for active in (True, False):
        await fhir.post("Patient", {"resourceType": "Patient", "active": active})
    told = await entry(fhir, await fhir.get("Patient?active=true&_count=5", **LATER))
    assert told["resource"]["type"] == "searchset"
    assert [one["resource"]["active"] for one in told["resource"]["entry"]] == [True]


async def test_a_posted_search_keeps_its_form(fhir, worker):
    await fhir.post("Patient", PATIENT)
    form = {**LATER, "Content-Type": "application/x-www-form-urlencoded"}
    told = await entry(fhir, await fhir.post("Patient/_search", b"active=false", **form))
    assert "entry" not in told["resource"]


async def test_xml_is_taken_and_given_at_the_door_and_at_the_status(fhir, worker):
    xml = {**LATER, "Content-Type": "application/fhir+xml", "Accept": "application/fhir+xml"}
    body = b'<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>'
    later = await fhir.post("Patient", body, **xml)
    assert later.headers["content-type"].startswith("application/fhir+xml")
    assert b"<OperationOutcome" in later.content
    where = place(later)
    told = (await answered(fhir, where)).json()["entry"][0]
    assert told["resource"]["active"] is True
    again = await fhir.get(where, Accept="application/fhir+xml")
    assert b'<type value="batch-response"/>' in again.content
    assert b'<active value="true"/>' in again.content


async def test_the_bytes_of_a_binary_come_in_a_binary(fhir, worker):
    made = await fhir.post("Binary", b"plain", **{"Content-Type": "text/plain"})
    where = f"Binary/{made.headers['location'].split('/Binary/')[1].split('/')[0]}"
    told = await entry(fhir, await fhir.get(where, **{**LATER, "Accept": "text/plain"}))
    assert (told["resource"]["resourceType"], told["resource"]["data"]) == ("Binary", "cGxhaW4=")


async def test_number_literals_keep_their_digits_on_the_way(fhir, worker):
    body = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'
    body += b'"valueQuantity":{"value":1.00}}'
    response = await fhir.post("Observation", body, **LATER)
    assert b'"value":1.00' in (await answered(fhir, place(response))).content


async def test_a_transaction_put_aside_is_written_once_and_answers_whole(fhir, worker):
    one = {"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [one] * 3}
    told = await entry(fhir, await fhir.post("", bundle, **LATER))
    assert told["response"]["status"] == "200 OK"
    assert told["resource"]["type"] == "transaction-response"
    assert await fhir.stored() == 3


async def test_a_request_that_fails_answers_with_its_status_and_outcome(fhir, worker):
    told = await entry(fhir, await fhir.get("Patient/none", **LATER))
    assert told["response"]["status"] == "404 Not Found"
    assert told["response"]["outcome"]["issue"][0]["code"] == "not-found"
    assert "resource" not in told
    told = await entry(
        fhir, await fhir.post("Patient", {"resourceType": "Patient", "x": 1}, **LATER)
    )
    assert told["response"]["status"].startswith("422 ")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "Patient/a/b/c/d/e", {}, 404),
        ("PUT", "metadata", {}, 405),
        ("POST", "Patient", {"Content-Type": "text/plain"}, 415),
        ("GET", "Patient", {"Accept": "image/png"}, 406),
    ],
)
async def test_what_the_door_refuses_is_refused_at_once(fhir, method, path, headers, status):
    response = await fhir.http.request(
        method, f"/fhir/{path}", content=b"{}", headers={**LATER, **headers}
    )
    assert response.status_code == status
    assert await fhir.context.store.jobs.count() == {}


async def test_an_answer_is_kept_until_it_expires(fhir, worker):
    response = await answered(fhir, place(await fhir.get("metadata", **LATER)))
    expires = parsedate_to_datetime(response.headers["expires"]).timestamp()
    kept = fhir.context.limits.job_result_seconds
    assert 0 < expires - fhir.context.now() / 1e6 <= kept


async def test_a_job_is_deleted_and_then_unknown(fhir):
    where = place(await fhir.post("Patient", PATIENT, **LATER))
    assert (await fhir.delete(where)).status_code == 202
    for gone in (await fhir.get(where), await fhir.delete(where)):
        assert gone.status_code == 404
        assert issues(gone)[0]["code"] == "not-found"
    async with worked(fhir.context):
        await entry(fhir, await fhir.get("metadata", **LATER))
    assert await fhir.stored() == 0


async def test_the_answer_of_a_job_is_forgotten_when_it_is_deleted(fhir, worker):
    where = place(await fhir.get("metadata", **LATER))
    await answered(fhir, where)
    assert (await fhir.delete(where)).status_code == 202
    assert (await fhir.get(where)).status_code == 404


@pytest.mark.parametrize("where", ["$async-status?job=none", "$async-status?job=%24ne"])
async def test_an_unknown_job_is_a_404(fhir, where):
    assert issues(await fhir.get(where))[0]["code"] == "not-found"


async def test_the_status_needs_the_name_of_a_job(fhir):
    assert issues(await fhir.get("$async-status"))[0]["code"] == "required"
    assert (await fhir.get("$async-status?job=a&job=b")).status_code == 400
    assert (await fhir.post("$async-status?job=a", {})).status_code == 405


async def test_a_status_request_is_never_put_aside_itself(fhir):
    where = place(await fhir.get("Patient", **LATER))
    assert "x-progress" in (await fhir.get(where, **LATER)).headers


async def test_a_job_of_another_caller_is_not_there(fhir):
    where = place(await fhir.get("Patient", **LATER))
    bob = fhir.context.but(caller=Caller("bob", unrestricted=True))
    parameters = (("job", where.partition("=")[2]),)
    for method in ("GET", "DELETE"):
        with pytest.raises(NotFound, match="There is no job"):
            await status(bob, FhirRequest(method, "$async-status", parameters), Target())
    assert (await fhir.get(where)).status_code == 202


async def test_a_caller_who_may_do_nothing_is_told_so_by_the_job(fhir, worker):
    nobody = fhir.context.but(caller=Caller("nobody"))
    id_ = await request.put(nobody, FhirRequest("GET", "Patient"))

    async def done():
        job = await queue.find(nobody, id_)
        return job if job.ended else None

    assert (await queue.answer(nobody, await until(done))).status == 403


async def test_a_full_queue_is_a_429_that_says_when_to_come_again(store, spec):
    async with health(store, spec, max_jobs=1) as fhir:
        place(await fhir.get("Patient", **LATER))
        full = await fhir.get("Patient", **LATER)
    assert (full.status_code, issues(full)[0]["code"]) == (429, "throttled")
    assert int(full.headers["retry-after"]) > 0


async def test_a_body_over_12_mb_is_put_aside_in_pieces(fhir, worker):
    data = "QUJD" * (SIZE // 4 + 1)
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": data}
    told = await entry(fhir, await fhir.post("Binary", binary, **LATER))
    assert told["response"]["status"] == "201 Created"
    assert told["resource"]["data"] == data


@pytest.mark.parametrize("prefer", ["return=minimal", "x-respond-async", "respond-async-not"])
async def test_what_only_looks_like_the_preference_is_not_it(fhir, prefer):
    assert (await fhir.get("Patient", Prefer=prefer)).status_code == 200


@pytest.mark.parametrize(
    "prefer", ["respond-async", "Respond-Async, wait=10", "return=minimal; respond-async"]
)
async def test_the_preference_is_understood_among_others(fhir, prefer):
    assert (await fhir.get("Patient", Prefer=prefer)).status_code == 202


async def test_other_preferences_are_kept_for_the_job(fhir, worker):
    later = await fhir.post("Patient", PATIENT, Prefer="respond-async, return=minimal")
    told = await entry(fhir, later)
    assert told["response"]["status"] == "201 Created"
    assert "resource" not in told


def test_the_job_of_a_request_writes_once_unless_the_client_gave_its_own_key():
    told = {"method": "POST", "path": "Patient", "parameters": [], "headers": {}, "parsed": False}
    assert request._request("job", told, b"{}").headers == {"idempotency-key": "job"}
    given = told | {"headers": {"idempotency-key": "theirs"}}
    assert request._request("job", given, b"{}").headers == {"idempotency-key": "theirs"}


def test_a_request_whose_body_was_read_already_goes_through_the_queue_the_same():
    told = {"method": "POST", "path": "Patient", "parameters": [["a", "b"]], "headers": {}}
    again = request._request("job", told | {"parsed": True}, b'{"resourceType":"Patient"}')
    assert (again.resource, again.body) == ({"resourceType": "Patient"}, b"")
    assert again.parameters == (("a", "b"),)
