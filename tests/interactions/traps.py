"""Searches asked over HTTP, written short."""

from urllib.parse import urlencode

from tests.client import BASE_URL, issues

MARK = "http://example.org/sid/mark"


async def put(fhir, type_, identity, **elements):
    body = {"resourceType": type_, "id": identity, **elements}
    answer = await fhir.put(f"{type_}/{identity}", body)
    assert answer.is_success, answer.text


def marked(value, system=MARK):
    return {"identifier": [{"system": system, "value": value}]}


def measured(code="8480-6", **more):
    return {"status": "final", "code": {"coding": [{"code": code}]}, **more}


async def page(fhir, query):
    answer = await fhir.get(query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(fhir, query):
    return [entry["resource"]["id"] for entry in (await page(fhir, query)).get("entry", [])]


async def asked(fhir, type_, *pairs):
    """Give the ids a search finds whose values are percent-encoded for it."""
    return await ids(fhir, f"{type_}?{urlencode(pairs)}")


async def refused(fhir, query):
    """Give what an OperationOutcome says of a search that is a 400."""
    answer = await fhir.get(query)
    assert answer.status_code == 400, f"{query}: {answer.status_code} {answer.text}"
    return " ".join(issue["diagnostics"] for issue in issues(answer))


def linked(bundle, relation):
    found = [link["url"] for link in bundle["link"] if link["relation"] == relation]
    return found[0].removeprefix(f"{BASE_URL}/") if found else None
