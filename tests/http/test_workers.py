"""Two worker processes are one server: what one writes the other reads, and both are counted."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.processes import listens, serving, until

JSON = {"Content-Type": "application/fhir+json"}
SYSTEM = "http://example.org/workers"
WRITES = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--workers", "2") as server:
        yield server
        port, database = int(server.url.rpartition(":")[2]), server.database_port
        assert server.end() == 0
        until(lambda: not listens(port) and not listens(database))


def fresh(server, ask):
    """Ask on a new connection, so that any of the workers may answer."""
    with server.client(headers=JSON) as client:
        return ask(client)


def written_and_read(server, number):
    body = {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": str(number)}]}
    made = fresh(server, lambda client: client.post("/fhir/Patient", json=body))
    place = f"/fhir/Patient/{made.json()['id']}"
    changed = fresh(server, lambda client: client.put(place, json={**made.json(), "active": True}))
    read = fresh(server, lambda client: client.get(place))
    query = {"identifier": f"{SYSTEM}|{number}"}
    found = fresh(server, lambda client: client.get("/fhir/Patient", params=query))
    return made.status_code, changed.content == read.content, len(found.json()["entry"])


def counted(server, interaction):
    text = fresh(server, lambda client: client.get("/metrics")).text
    lines = re.findall(r"^fhir_requests_total\{([^}]*)\} (\S+)$", text, re.MULTILINE)
    return sum(float(count) for labels, count in lines if f'interaction="{interaction}"' in labels)


def test_two_workers_agree_and_are_counted_together(server):
    interactions = ("create", "update", "read", "search-type")
    before = {one: counted(server, one) for one in interactions}
    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(lambda number: written_and_read(server, number), range(WRITES)))
    assert seen == [(201, True, 1)] * WRITES
    assert {one: counted(server, one) - before[one] for one in interactions} == dict.fromkeys(
        interactions, WRITES
    )


def test_two_workers_page_through_one_search(server):
    for number in range(6):
        body = {"resourceType": "Basic", "code": {"text": str(number)}}
        assert fresh(server, lambda client, body=body: client.post("/fhir/Basic", json=body))
    link, seen = "/fhir/Basic?_count=1&_sort=_lastUpdated", []
    while link:
        page = fresh(server, lambda client, link=link: client.get(link)).json()
        seen += [entry["resource"]["code"]["text"] for entry in page.get("entry", ())]
        link = next((one["url"] for one in page["link"] if one["relation"] == "next"), None)
    assert seen == ["0", "1", "2", "3", "4", "5"]
