"""What is not FHIR keeps to the description FastAPI makes of it."""

import pytest

from fhir_server.http.app import App


async def described(fhir):
    answer = await fhir.http.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


async def test_what_is_not_fhir_is_described_and_nothing_else(fhir):
    told = await described(fhir)
    assert set(told["paths"]) == {"/health/live", "/health/ready", "/metrics"}
    assert "/fhir/metadata" in told["info"]["description"]


async def test_every_answer_is_as_described(fhir):
    told = await described(fhir)
    for path, methods in told["paths"].items():
        assert set(methods) == {"get"}
        answer = await fhir.http.get(path)
        expected = methods["get"]["responses"][str(answer.status_code)]["content"]
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in expected, path
        if media_type == "application/json":
            name = expected[media_type]["schema"]["$ref"].rpartition("/")[2]
            properties = told["components"]["schemas"][name]["properties"]
            assert set(answer.json()) == set(properties)
            assert answer.json()["status"] == properties["status"]["const"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "X"])
async def test_a_method_that_is_not_described_is_a_405(fhir, method):
    for path in (await described(fhir))["paths"]:
        assert (await fhir.http.request(method, path)).status_code == 405


async def test_it_is_there_while_the_database_is_not(fhir):
    closed = App(lambda: pytest.fail("not opened here"))
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health/ready",
        "query_string": b"",
        "headers": [],
    }
    await closed(scope, lambda: None, send)
    assert sent[0]["status"] == 503
    await closed({**scope, "path": "/openapi.json"}, lambda: None, send)
    assert sent[2]["status"] == 200
