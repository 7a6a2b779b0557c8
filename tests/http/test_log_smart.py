"""What people and apps send to sign in, and to ask, is in no log line and no metric."""

import base64
import json

import pytest

from fhir_server.oauth import users
from fhir_server.oauth.users import User
from fhir_server.store.records import Records
from tests.faults.processes import serving, until

CANARY = "canary7f3a"
PASSWORD = f"{CANARY} password words"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--auth", "smart") as server:
        records = Records.open((server.folder / "mongodb/uri").read_text().strip(), "fhir_oauth")
        user = User(f"{CANARY}-user", display=f"{CANARY} name", fhir_user=f"Patient/{CANARY}")
        users.add(records, user, PASSWORD)
        records.close()
        yield server


PATHS = (
    f"/fhir/Patient/{CANARY}",
    f"/fhir/Patient?name={CANARY}&{CANARY}=1",
    f"/fhir/{CANARY}/$everything",
    f"/fhir/Patient?access_token={CANARY}",
    f"/oauth/authorize?client_id={CANARY}&redirect_uri=https://{CANARY}.example&state={CANARY}",
    f"/sign-in?request={CANARY}&to={CANARY}",
    f"/consent?request={CANARY}",
    f"/apps?{CANARY}",
    f"/{CANARY}",
)
HEADERS = (
    {"Authorization": f"Bearer {CANARY}"},
    {"Authorization": "Basic " + base64.b64encode(f"{CANARY}:{CANARY}".encode()).decode()},
    {"Cookie": f"session={CANARY}; __Host-session={CANARY}; visitor={CANARY}"},
    {"DPoP": f"{CANARY}.{CANARY}.{CANARY}", "Authorization": f"DPoP {CANARY}"},
    {"Origin": f"https://{CANARY}.example", "Host": f"{CANARY}.example"},
    {"User-Agent": CANARY, "Referer": f"https://example.org/?code={CANARY}"},
)
FORMS = {
    "/oauth/token": f"grant_type=authorization_code&code={CANARY}&client_id={CANARY}",
    "/oauth/revoke": f"token={CANARY}",
    "/oauth/introspect": f"token={CANARY}",
    "/sign-in": f"username={CANARY}-user&password={CANARY}",
    "/fhir/Patient/_search": f"identifier={CANARY}",
}


def test_nothing_that_was_sent_is_in_the_log_or_the_metrics(server):
    with server.client() as client:
        for path in PATHS:
            for headers in ({}, *HEADERS):
                assert client.get(path, headers=headers).status_code < 500
        for path, form in FORMS.items():
            for headers in ({}, *HEADERS):
                answer = client.post(path, content=form, headers={**FORM, **headers})
                assert answer.status_code < 500
        assert signed_in(client).status_code == 303
        assert client.get("/apps").status_code == 200
        metrics = client.get("/metrics").text
    assert "fhir_requests_total" in metrics
    assert CANARY not in metrics
    lines = [line for line in server.log.splitlines() if line.startswith("{")]
    assert len(lines) > len(PATHS)
    assert CANARY not in server.log.casefold()
    assert base64.b64encode(f"{CANARY}:".encode()).decode()[:12] not in server.log
    assert {json.loads(line)["level"] for line in lines} <= {"info", "warning"}


def test_what_is_not_fhir_has_a_line_with_its_route_too(server):
    asked = {"X-Request-Id": "beside"}
    with server.client() as client:
        client.post("/oauth/token", content="grant_type=x", headers={**FORM, **asked})
        client.get(f"/oauth/register/{CANARY}", headers=asked)
        client.get("/sign-in", headers=asked)
        missed = client.get(f"/{CANARY}/{CANARY}", headers=asked)
        client.get("/health/live", headers=asked)
        # The line follows the answer.
        until(lambda: server.log.count('"beside"') >= 4)
        metrics = client.get("/metrics").text
    assert missed.headers["x-request-id"] == "beside"
    lines = [json.loads(line) for line in server.log.splitlines() if '"beside"' in line]
    told = [(one["method"], one["interaction"], one["status"]) for one in lines]
    assert told == [
        ("POST", "/oauth/token", 400),
        ("GET", "/oauth/register/{id_}", 401),
        ("GET", "/sign-in", 200),
        ("GET", "unknown", 404),
    ]
    assert all(one["ms"] > 0 for one in lines)
    assert all(one["bytes"] > 10 for one in lines)
    assert 'fhir_requests_total{interaction="/oauth/token",status="400"}' in metrics


def signed_in(client):
    """Sign in as a browser does."""
    page = client.get("/sign-in").text
    token = page.partition('name="csrf" value="')[2].partition('"')[0]
    form = {"csrf": token, "username": f"{CANARY}-user", "password": PASSWORD}
    return client.post("/sign-in", data=form, headers={"Origin": server_origin(client)})


def server_origin(client):
    return str(client.base_url).rstrip("/")
