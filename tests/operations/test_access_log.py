"""`$access-log`: what a citizen reads of those who looked at his record, and nothing of others."""

from dataclasses import replace

import pytest

from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import Forbidden, NotFound
from fhir_server.interactions.context import Context
from fhir_server.operations.access_log import Row, _check, rows
from tests.interactions.test_audit import APP, noted, observation, patient, watched

__all__ = ["watched"]
CITIZEN = Caller("x", client="x", user="Patient/a", patient="a", scopes=("patient/*.rs",))


async def log(client, query=""):
    response = await client.get(f"Patient/a/$access-log{query}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_the_patient_reads_who_looked_newest_first(watched):
    await watched.get("Observation/1")
    await watched.get("Observation?patient=a")
    await watched.get("Observation/2")
    bundle = await log(watched)
    events = [one["resource"] for one in bundle["entry"]]
    assert [one["subtype"][-1]["code"] for one in events] == ["search-type", "read"]
    assert "Patient/b" not in json.dump(bundle).decode()


async def test_it_goes_on_page_by_page_and_narrows_by_date(watched):
    for _ in range(5):
        await watched.get("Observation/1")
    seen, url = [], "?_count=2"
    while url:
        bundle = await log(watched, url)
        seen += [one["resource"]["id"] for one in bundle.get("entry", ())]
        links = {one["relation"]: one["url"] for one in bundle["link"]}
        assert "_sort" not in links["self"]
        url = "?" + links["next"].partition("?")[2] if "next" in links else ""
    reads = [event["id"] for event in await noted(watched) if "read" in str(event["subtype"])]
    assert [one for one in seen if one in reads] == reads[::-1]
    assert "entry" not in await log(watched, "?date=lt2020-01-01")


async def test_what_was_searched_of_others_is_not_in_it(watched):
    await watched.get("Patient?_id=a,b")
    [entry] = (await log(watched))["entry"]
    told = json.dump(entry["resource"])
    assert b"Patient/a" in told
    assert b"Patient/b" not in told
    assert b"X2lk" not in told


@pytest.mark.parametrize("query", ["?_include=*", "?patient=b", "?entity=Patient/b", "?_sort=date"])
async def test_nothing_else_is_offered(watched, query):
    assert (await watched.get(f"Patient/a/$access-log{query}")).status_code == 400


async def test_a_person_reads_it_as_rows(watched):
    await watched.put(
        "Practitioner/1",
        {"resourceType": "Practitioner", "id": "1", "name": [{"family": "Lê", "given": ["An"]}]},
    )
    await watched.get("Patient/a/$everything")
    context: Context = watched.context.but(caller=APP)
    [row] = await rows(context, "a", 10)
    assert row == Row(
        row.when, "Lê An", "H", "app", ("Observation", "Patient"), "$everything", False, False
    )
    assert row.outcome == "allowed"


async def test_who_was_refused_is_in_it(watched):
    await watched.put("Patient/a", patient("a"))
    response = await watched.put("Observation/1", observation("1", "none"))
    assert response.status_code == 422
    [last, *_] = await rows(watched.context.but(caller=APP), "a", 10)
    assert last.outcome == "denied"


def test_only_the_patient_and_systems_may_ask():
    _check(CITIZEN, "a")
    _check(replace(CITIZEN, user="RelatedPerson/1"), "a")
    _check(replace(CITIZEN, user="", patient=""), "a")
    for identity in ("b", "none"):
        with pytest.raises(NotFound):
            _check(CITIZEN, identity)
    with pytest.raises(Forbidden):
        _check(replace(CITIZEN, user="Practitioner/1"), "a")
