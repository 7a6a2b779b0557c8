"""EHR launch: the context of a session, told by the EHR, brought back by the app."""

import pytest

from fhir_server.fhir.errors import Forbidden, Invalid
from fhir_server.oauth import authorize, grants, tokens
from tests.oauth.flow import BASE_URL, SCOPES, approved, returned

SCOPE = f"launch {SCOPES}"
TOLD = {
    "client_id": "app",
    "user": "Practitioner/7",
    "patient": "1",
    "encounter": "e1",
    "intent": "order-review",
    "need_patient_banner": False,
    "fhirContext": [{"reference": "ImagingStudy/3"}, {"canonical": "http://example.org/q"}],
}
DOCTOR = {"fhir_user": "Practitioner/7", "patient": ""}


def ehr(smart, *scopes):
    """Give the token of an EHR's own client."""
    oauth = smart.oauth
    smart.register("ehr", kind="asymmetric", grant_types=["client_credentials"])
    client = authorize.clients.active(oauth, "ehr")
    grant = grants.new(oauth, client, scopes, seconds=300)
    return tokens.issue(oauth, grant, scopes)[0]


async def launch(smart, token, body):
    headers = {"Authorization": f"Bearer {token}"}
    return await smart.http.post("/oauth/launch", json=body, headers=headers)


async def handle(smart, **changed):
    answer = await launch(smart, ehr(smart, "system/$launch"), TOLD | changed)
    assert answer.status_code == 201, answer.text
    return answer.json()["launch"]


async def test_an_app_gets_the_context_of_the_session_it_was_launched_from(smart):
    records = smart.oauth.records
    records.change("clients", {"_id": "app"}, {"launch_url": "https://app.example.org/launch"})
    answer = await launch(smart, ehr(smart, "system/$launch"), TOLD)
    told = answer.json()
    assert told["launch_url"].startswith("https://app.example.org/launch?iss=https%3A%2F%2F")
    id_ = await smart.waiting("app", launch=told["launch"], scope=SCOPE)
    asked = authorize.pending(smart.oauth, id_)
    assert (asked.user, asked.patient, asked.encounter) == ("Practitioner/7", "1", "e1")
    assert not asked.needs_patient
    approval = approved(*SCOPE.split(), **DOCTOR)
    code = returned(authorize.approve(smart.oauth, id_, approval))["code"]
    got = (await smart.redeem("app", code, "v" * 43)).json()
    for name in ("patient", "encounter", "intent", "need_patient_banner", "fhirContext"):
        assert got[name] == TOLD[name]
    refreshed = (await smart.refresh("app", got["refresh_token"])).json()
    assert refreshed["fhirContext"] == TOLD["fhirContext"]


async def test_a_launch_is_used_once_by_its_app_in_five_minutes(smart):
    smart.register("other")
    made = await handle(smart)
    stolen = await smart.authorize("other", launch=made, scope=SCOPE)
    assert returned(stolen.headers["location"])["error"] == "invalid_request"
    await smart.waiting("app", launch=made, scope=SCOPE)
    again = await smart.authorize("app", launch=made, scope=SCOPE)
    assert returned(again.headers["location"])["error"] == "invalid_request"


async def test_a_launch_ends(smart):
    made = await handle(smart)
    smart.clock.at += 300
    late = await smart.authorize("app", launch=made, scope=SCOPE)
    assert returned(late.headers["location"])["error"] == "invalid_request"


async def test_a_launch_is_for_its_user_and_its_patient(smart):
    id_ = await smart.waiting("app", launch=await handle(smart), scope=SCOPE)
    with pytest.raises(Forbidden):
        authorize.approve(smart.oauth, id_, approved("patient/*.rs", fhir_user="Practitioner/8"))
    answered = approved("patient/*.rs", fhir_user="Practitioner/7", patient="2")
    with pytest.raises(Invalid):
        authorize.approve(smart.oauth, id_, answered)


@pytest.mark.parametrize(
    ("scopes", "status"), [(("system/*.cruds",), 403), (("launch",), 403), ((), 403)]
)
async def test_only_an_ehr_makes_launches(smart, scopes, status):
    assert (await launch(smart, ehr(smart, *scopes), TOLD)).status_code == status
    assert (await launch(smart, "x" * 43, TOLD)).status_code == 401
    assert (await smart.http.post("/oauth/launch", json=TOLD)).status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"client_id": 1},
        {"client_id": None},
        {"user": "Organization/1"},
        {"user": "Practitioner/../1"},
        {"user": f"{BASE_URL}/Practitioner/1"},
        {"patient": "1/../2"},
        {"patient": {"$ne": ""}},
        {"patient": ["1"]},
        {"patient": "1\n"},
        {"encounter": ""},
        {"intent": "x y"},
        {"need_patient_banner": "no"},
        {"fhirContext": {}},
        {"fhirContext": [{}]},
        {"fhirContext": ["Observation/1"]},
        {"fhirContext": [{"reference": "Patient/2"}]},
        {"fhirContext": [{"reference": "Encounter/2"}]},
        {"fhirContext": [{"reference": 1}]},
        {"fhirContext": [{"reference": "Patient/2", "role": "mother"}]},
        {"fhirContext": [{"reference": "Observation/2", "role": ""}]},
        {"fhirContext": [{"reference": "Observation/2", "role": 1}]},
        {"fhirContext": [{"reference": "Observation/1"}] * 21},
        {"more": "x"},
    ],
)
async def test_a_launch_that_is_not_well_made_is_refused(smart, changed):
    answer = await launch(smart, ehr(smart, "system/$launch"), TOLD | changed)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert smart.oauth.records.find("launches", {}) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(smart, body):
    headers = {"Authorization": f"Bearer {ehr(smart, 'system/$launch')}"}
    answer = await smart.http.post("/oauth/launch", content=body, headers=headers)
    assert answer.status_code in (400, 413)


async def test_a_patient_may_be_in_the_context_in_a_role(smart):
    other = {"reference": "Patient/2", "role": "https://example.org/mother"}
    assert await handle(smart, fhirContext=[other])
