"""URLs, media types, headers and status codes: https://hl7.org/fhir/R4/http.html#general."""

import pytest

from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import Forbidden
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import table
from fhir_server.interactions.dispatch import dispatch
from tests.client import BASE_URL, health, issues

BASIC = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
OUTCOME = "application/fhir+json; charset=utf-8"


async def test_names_of_types_ids_and_words_are_case_sensitive(fhir):
    await fhir.put("Basic/b", BASIC)
    for path in ("basic/b", "Basic/B", "BASIC/b", "Basic/b/_History", "Metadata"):
        assert (await fhir.get(path)).status_code in (400, 404), path
    assert (await fhir.get("Basic/b")).status_code == 200


async def test_a_slash_at_the_end_of_the_base_changes_nothing(fhir):
    empty = {"resourceType": "Bundle", "type": "batch"}
    for path in ("/fhir", "/fhir/"):
        answer = await fhir.http.post(
            path, json=empty, headers={"Content-Type": "application/fhir+json"}
        )
        assert answer.status_code == 200


async def test_text_in_a_url_is_percent_encoded_utf_8(fhir, patient):
    await fhir.post("Patient", patient)
    found = await fhir.get("Patient?name:exact=Nguy%E1%BB%85n&_total=accurate")
    assert found.json()["total"] == 1
    assert (await fhir.get("Patient?name=%ff")).status_code == 400


async def test_urls_in_an_answer_are_absolute(fhir):
    created = await fhir.post("Basic", BASIC)
    assert created.headers["location"].startswith(f"{BASE_URL}/Basic/")
    for path in ("Basic", "Basic/_history", "_history"):
        page = (await fhir.get(path)).json()
        assert page["entry"][0]["fullUrl"].startswith(f"{BASE_URL}/Basic/")
        assert all(link["url"].startswith(BASE_URL) for link in page["link"])


async def test_an_answer_says_its_media_type_and_that_it_is_utf_8(fhir):
    await fhir.put("Basic/b", BASIC)
    for path in ("Basic/b", "Basic", "Basic/_history", "metadata", "Basic/nobody"):
        assert (await fhir.get(path)).headers["content-type"] == OUTCOME


@pytest.mark.parametrize(
    "accept",
    ["application/fhir+json", "application/json", "*/*", "image/png, application/fhir+json;q=0.5",
     "application/fhir+json; fhirVersion=4.0", "APPLICATION/FHIR+JSON"],
)  # fmt: skip
async def test_json_is_given_to_who_accepts_it(fhir, accept):
    answer = await fhir.get("metadata", Accept=accept)
    assert answer.status_code == 200
    assert answer.json()["resourceType"] == "CapabilityStatement"
    assert answer.headers["content-type"].endswith("; charset=utf-8")


async def test_a_format_that_is_not_served_is_a_406_and_one_not_read_a_415(fhir):
    for answer in (
        await fhir.get("metadata", Accept="image/png"),
        await fhir.get("metadata?_format=image/png"),
    ):
        assert answer.status_code == 406
        assert issues(answer)
    answer = await fhir.http.post(
        "/fhir/Basic", content=b"x", headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 415
    assert issues(answer)


@pytest.mark.parametrize("media_type", ["application/fhir+json", "application/json"])
async def test_both_names_of_json_are_read(fhir, media_type):
    answer = await fhir.http.post(
        "/fhir/Basic", json=BASIC, headers={"Content-Type": f"{media_type}; charset=UTF-8"}
    )
    assert answer.status_code == 201


async def test_a_request_has_an_id_the_callers_or_the_servers(fhir):
    assert (await fhir.get("metadata", X_Request_Id="mine-1")).headers["x-request-id"] == "mine-1"
    made = [(await fhir.get("metadata")).headers["x-request-id"] for _ in range(2)]
    assert all(made)
    assert made[0] != made[1]


async def test_no_answer_stays_in_a_cache(fhir):
    await fhir.put("Basic/b", BASIC)
    for path in ("Basic/b", "Basic", "Basic/nobody", "metadata"):
        assert (await fhir.get(path)).headers["cache-control"] == "no-store"


async def test_a_preference_that_is_not_understood_is_passed_over(fhir):
    answer = await fhir.put("Basic/b", BASIC, Prefer="return=everything; colour=blue, ,=")
    assert (answer.status_code, answer.json()["id"]) == (201, "b")


async def test_every_error_is_an_outcome_with_its_status_and_code(store, spec):
    async with health(store, spec, max_body_bytes=2_000, max_url_bytes=500) as fhir:
        await fhir.put("Basic/b", BASIC)
        await fhir.put("Basic/gone", {**BASIC, "id": "gone"})
        await fhir.delete("Basic/gone")
        stale = await fhir.put("Basic/b", BASIC, If_Match='W/"9"')
        wrong = {**BASIC, "nonsense": 1}
        for answer, status, code in (
            (await fhir.get("Basic/b?nonsense=1"), 400, "not-supported"),
            (await fhir.get("Basic/nobody"), 404, "not-found"),
            (await fhir.get("Nothing/b"), 404, "not-supported"),
            (await fhir.post("metadata", {}), 405, "not-supported"),
            (await fhir.get("metadata", Accept="image/png"), 406, "not-supported"),
            (await fhir.get("Basic/gone"), 410, "deleted"),
            (stale, 412, "conflict"),
            (await fhir.post("Basic", b" " * 3_000), 413, "too-long"),
            (await fhir.get("Basic?_id=" + "a" * 500), 414, "too-long"),
            (await fhir.post("Basic", b"x", Content_Type="image/png"), 415, "not-supported"),
            (await fhir.post("Basic", wrong), 422, "structure"),
        ):
            assert answer.status_code == status
            told = issues(answer)[0]
            assert (told["severity"], told["code"]) == ("error", code)
            assert told["diagnostics"]


async def test_who_may_do_nothing_is_told_nothing(fhir):
    await fhir.put("Basic/b", BASIC)
    nobody = fhir.context.but(caller=Caller("nobody"))
    routes = table.build(())
    for path in (
        "Basic/b",
        "Basic/nobody",
        "Basic",
        "Basic/_history",
        "_history",
        "Basic/b/_history",
    ):
        with pytest.raises(Forbidden) as refused:
            await dispatch(routes, nobody, FhirRequest("GET", path))
        assert refused.value.status == 403
        assert "Basic/b" not in str(refused.value)
    with pytest.raises(Forbidden):
        await dispatch(routes, nobody, FhirRequest("PUT", "Basic/b", resource=BASIC))
