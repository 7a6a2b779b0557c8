"""A server that is killed loses no acknowledged write and leaves no half Bundle."""

import json
from concurrent.futures import ThreadPoolExecutor

import httpx2

from tests.faults.processes import serving

JSON = {"Content-Type": "application/fhir+json", "Prefer": "return=minimal"}
SYSTEM = "http://example.org/killed"
LANES, MOST, ENTRIES = 4, 2000, 20
ENOUGH = (3, 25)  # acknowledged writes when the server is killed, cycle by cycle


def patient(value):
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": value}]}


def bundle(value):
    entry = {"resource": patient(value), "request": {"method": "POST", "url": "Patient"}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * ENTRIES}


def written_until_killed(server, path, resource, cycle):
    """Write from several lanes until the server is killed; give (value, answer) of each ack."""
    acknowledged, tried = [], []

    def write(lane):
        with server.client(headers=JSON) as client:
            for number in range(MOST):
                value = f"{cycle}-{lane}-{number}"
                tried.append(value)
                try:
                    answer = client.post(path, content=json.dumps(resource(value)))
                except httpx2.HTTPError:
                    return
                if answer.status_code == 503 and len(acknowledged) >= ENOUGH[cycle]:
                    # One of several workers outlives its parent, and that one's database, a moment.
                    return
                assert answer.status_code in (200, 201), answer.text
                acknowledged.append((value, answer))
                if len(acknowledged) == ENOUGH[cycle]:
                    server.process.kill()

    with ThreadPoolExecutor(LANES) as pool:
        list(pool.map(write, range(LANES)))
    server.kill()
    return acknowledged, tried


def found(client, value):
    """Give how many patients a search by this identifier finds."""
    answer = client.get("/fhir/Patient", params={"identifier": f"{SYSTEM}|{value}"})
    return len(answer.json().get("entry", ()))


def test_every_acknowledged_create_is_readable_and_searchable(tmp_path):
    # The embedded database ends with its killed parent: both are met again.
    acknowledged = []
    for cycle in range(len(ENOUGH)):
        with serving(tmp_path / "server") as server:
            written, _ = written_until_killed(server, "/fhir/Patient", patient, cycle)
            assert len(written) >= ENOUGH[cycle]
            acknowledged += written
    with serving(tmp_path / "server") as server, server.client() as client:
        for value, answer in acknowledged:
            place = answer.headers["location"].partition("/fhir/")[2].partition("/_history")[0]
            assert client.get(f"/fhir/{place}").json()["identifier"][0]["value"] == value
            assert found(client, value) == 1


def test_a_bundle_is_there_whole_or_not_at_all(database, tmp_path):
    acknowledged, tried = [], []
    for cycle in range(len(ENOUGH)):
        with serving(tmp_path / "server", uri=database.uri) as server:
            one, all_ = written_until_killed(server, "/fhir", bundle, cycle)
            acknowledged += one
            tried += all_
    assert len(tried) > len(acknowledged)
    with serving(tmp_path / "server", uri=database.uri) as server, server.client() as client:
        stored = {value: found(client, value) for value in tried}
    assert set(stored.values()) <= {0, ENTRIES}
    assert all(stored[value] == ENTRIES for value, _ in acknowledged)
