"""The legal base as a process puts it together, beside the health base and apart from it."""

import pytest

OURS = "JudicialRecordCertificate"


async def test_each_base_tells_of_its_own_types_alone(process):
    legal = (await process.get("/legal/fhir/metadata")).json()["rest"][0]
    health = (await process.get("/fhir/metadata")).json()["rest"][0]
    served = {one["type"]: one for one in legal["resource"]}
    assert OURS in served
    assert "Patient" not in served
    assert OURS not in {one["type"] for one in health["resource"]}
    codes = {one["code"] for one in served[OURS]["interaction"]}
    assert codes == {"read", "vread", "history-instance", "search-type"}
    assert "updateCreate" not in served[OURS]
    assert "searchInclude" not in served[OURS]
    names = {one["name"] for one in served["Person"].get("searchParam", ())}
    assert names == {"_id"}


async def test_a_strict_statement_has_the_types_of_r4_alone(process):
    told = (await process.get("/legal/fhir/metadata?strict=true")).json()["rest"][0]
    types = {one["type"]: one for one in told["resource"]}
    assert OURS not in types
    assert types["Basic"]["supportedProfile"][0].endswith(f"/{OURS}")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/legal/fhir/{OURS}/1"),
        ("POST", f"/legal/fhir/{OURS}/_search"),
        ("GET", "/legal/fhir/Task/1/_history"),
    ],
)
async def test_nobody_unknown_gets_past_the_door(process, method, path):
    answer = await process.request(method, path)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]


async def test_no_operation_takes_what_is_of_a_person_in_the_address(process):
    path = f"/legal/fhir/{OURS}/$verify?name=NGUYEN-VAN-THU&code={'A' * 22}"
    answer = await process.post(path)
    assert answer.status_code == 400, answer.text
    assert "in the body" in answer.text
    assert "NGUYEN" not in answer.text


async def test_the_schema_of_the_certificate_is_there_for_everybody(process):
    answer = await process.get(f"/legal/{OURS}.schema.json")
    assert answer.status_code == 200
    assert answer.json()["title"] == OURS


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/legal/status/issuer-99-0", 404),
        ("/legal/status/..%2F..%2Fetc", 404),
        ("/legal/log/consistency", 400),
        ("/legal/log/consistency?first=0&second=9", 400),
        ("/legal/log/head", 200),
        ("/.well-known/legal-jwks.json", 200),
    ],
)
async def test_documents_are_answered_or_refused_without_a_word(process, path, status):
    answer = await process.get(path)
    assert answer.status_code == status, answer.text


async def test_each_base_has_an_authorization_server_of_its_own(process):
    told = (await process.get("/legal/fhir/.well-known/smart-configuration")).json()
    assert told["issuer"] == "http://127.0.0.1:8080/legal/oauth"
    assert told["token_endpoint"] == "http://127.0.0.1:8080/legal/oauth/token"
    keys = (await process.get("/legal/oauth/jwks")).json()["keys"]
    others = (await process.get("/oauth/jwks")).json()["keys"]
    assert {one["kid"] for one in keys}.isdisjoint({one["kid"] for one in others})
