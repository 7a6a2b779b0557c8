"""The log is a line per request, and none of it says who anybody is."""

import base64
import json
import re
from pathlib import Path

from tests.faults.processes import until

SAMPLE = Path(__file__).parents[2] / "mappings/decision_4750/examples/sample/envelope.xml"
PERSONAL = ("HO_TEN", "SO_CCCD", "MA_LK", "MA_BN", "MA_THE_BHYT", "NGAY_SINH", "DIA_CHI")


def personal(envelope):
    """Give what the sample tells of its patient."""
    told = set()
    for content in re.findall(r"<NOIDUNGFILE>([^<]+)", envelope):
        table = base64.b64decode(content).decode("utf-8")
        for name in PERSONAL:
            told |= set(re.findall(f"<{name}>([^<]+)</{name}>", table))
    return told


def test_no_line_holds_personal_data(server):
    envelope = SAMPLE.read_bytes()
    told = personal(envelope.decode())
    assert len(told) >= len(PERSONAL)
    with server.client() as client:
        xml = {"Content-Type": "application/xml"}
        stored = client.post("/fhir/$submit-document", content=envelope, headers=xml)
        assert stored.status_code == 200, stored.text
        refused = envelope.replace(b"<HOSO>", b"<HOSO><FILEHOSO/>")
        client.post("/fhir/$submit-document", content=refused, headers=xml)
        for value in told:
            client.get("/fhir/Patient", params={"identifier": value})
            client.get("/fhir/Patient", params={"name": value, value: value})
            client.get(f"/fhir/Patient/{value}")
            client.get(f"/fhir/{value}/{value}/$everything")
            client.put(f"/fhir/Patient/{value}", json={"resourceType": "Patient", "x": value})
    lines = [line for line in server.log.splitlines() if line.startswith("{")]
    assert len(lines) > 5 * len(told)
    for line in lines:
        assert json.loads(line)["event"] in ("request", "crash", "waiting", "worker")
    assert not [value for value in told if value in server.log]
    assert '"level":"error"' not in server.log


def test_a_request_is_one_line_that_has_the_callers_request_id(server):
    with server.client() as client:
        answer = client.get("/fhir/Patient/nobody", headers={"X-Request-Id": "asked-once"})
    assert answer.headers["x-request-id"] == "asked-once"
    # The line follows the answer.
    until(lambda: "asked-once" in server.log)
    lines = [line for line in server.log.splitlines() if "asked-once" in line]
    [told] = map(json.loads, lines)
    assert told | {"method": "GET", "interaction": "read", "status": 404} == told
    assert {"time", "pid", "ms", "bytes"} <= told.keys()


async def test_a_failure_beside_fhir_is_logged_by_its_place_and_never_by_its_values(fhir, caplog):
    app = fhir.http._transport.app

    @app.other.get("/fails")
    async def fails():
        raise ValueError("CANARY")

    with caplog.at_level("INFO"):
        answer = await fhir.http.get("/fails", headers={"X-Request-Id": "asked-here"})
    assert answer.status_code == 500
    assert "CANARY" not in answer.text
    [told] = [record for record in caplog.records if record.msg == "crash"]
    assert told.args["request_id"] == "asked-here"
    assert "CANARY" not in str([(record.msg, record.args) for record in caplog.records])
