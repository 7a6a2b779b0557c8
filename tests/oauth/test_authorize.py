"""The authorization endpoint: what is asked for, and every way to ask wrongly."""

from urllib.parse import urlencode

import pytest

from fhir_server.fhir.errors import Forbidden, Gone, Invalid
from fhir_server.oauth import authorize
from tests.oauth.flow import BACK, BASE_URL, ISSUER, SCOPES, STATE, approved, request, returned

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_good_request_goes_to_sign_in_by_url_and_by_form(smart):
    by_url = await smart.authorize("app")
    by_form = await smart.http.post("/oauth/authorize", data=request("app"))
    for answer in (by_url, by_form):
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("https://test.invalid/sign-in?request=")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"


# Never sent on: who asks, or where to, is not known.
@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        BACK + "/",
        BACK + "?x=1",
        BACK + "#x",
        BACK.upper(),
        BACK.replace("back", "Back"),
        BACK.replace("https", "http"),
        BACK.replace(".org", ".org:443"),
        BACK.replace("://", "://good@"),
        BACK.replace("/back", "/x%2f..%2fback"),
        BACK.replace("app.", "app.example.org.evil."),
        BACK.replace("example.org", "example.org%00.evil.example"),
        "//app.example.org/back",
        "javascript:alert(1)",
        "http://127.0.0.1/back",
        BACK + " ",
        BACK + '"\\\n',
        f"{BACK} {BACK}",
    ],
)
async def test_the_browser_is_sent_to_registered_addresses_only(smart, uri):
    answer = await smart.authorize("app", redirect_uri=uri)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.parametrize("client", ["nobody", "", None, "pending", "suspended", "$ne", "app\x00"])
async def test_an_app_that_is_not_active_is_an_unknown_one(smart, client):
    smart.register("pending", status="pending")
    smart.register("suspended", status="suspended")
    bodies = [(await smart.authorize(one)).text for one in ("no such app", "pending", "suspended")]
    assert len(set(bodies)) == 1
    answer = await smart.authorize(client)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("name", sorted(request("app")))
async def test_a_parameter_given_twice_is_never_sent_on(smart, name):
    query = urlencode([*request("app").items(), (name, "x")])
    for answer in (
        await smart.http.get(f"/oauth/authorize?{query}"),
        await smart.http.post("/oauth/authorize", content=query, headers=FORM),
    ):
        assert answer.status_code == 400
        assert "location" not in answer.headers


# Told to the app: its address is known by now.
@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"request": "a.b.c"}, "request_not_supported"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "v" * 42}, "invalid_request"),
        ({"code_challenge": "v" * 44}, "invalid_request"),
        ({"code_challenge": "=" * 43}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": BASE_URL + "/"}, "invalid_request"),
        ({"aud": BASE_URL.upper()}, "invalid_request"),
        ({"aud": BASE_URL + "/Patient"}, "invalid_request"),
        ({"aud": "https://test.invalid"}, "invalid_request"),
        ({"aud": "https://test.invalid/fhir2"}, "invalid_request"),
        ({"aud": "https://test.invalid/legal/fhir"}, "invalid_request"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"scope": "patient/*.sr"}, "invalid_scope"),
        ({"scope": "patient/Nothing.rs"}, "invalid_scope"),
        ({"scope": "patient/*.rs\\\"'é"}, "invalid_request"),
        ({"scope": 'patient/*.rs "x"'}, "invalid_scope"),
        ({"scope": "system/*.rs"}, "invalid_scope"),
        ({"scope": "patient/*.d"}, "invalid_scope"),
        ({"nonce": "n" * 513}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e9"}, "invalid_request"),
        ({"prompt": "none"}, "interaction_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"launch": "made up"}, "invalid_request"),
        ({"launch": "made-up", "scope": f"launch {SCOPES}"}, "invalid_request"),
        ({"scope": f"launch {SCOPES}"}, "invalid_request"),
        ({"dpop_jkt": "short"}, "invalid_request"),
    ],
)
async def test_what_is_wrong_is_told_to_the_app(smart, changed, error):
    answer = await smart.authorize("app", **changed)
    assert answer.status_code == 303, answer.text
    told = returned(answer.headers["location"])
    assert (told["error"], told["state"], told["iss"]) == (error, STATE, ISSUER)
    assert "code" not in told
    assert smart.oauth.records.find("requests", {}) == []


@pytest.mark.parametrize("state", [None, "", "short", "x" * 15, "x" * 513, "a state of 16 né"])
async def test_a_state_that_can_be_guessed_is_refused(smart, state):
    answer = await smart.authorize("app", state=state)
    assert returned(answer.headers["location"])["error"] == "invalid_request"


async def test_the_answer_names_who_answers_and_the_state_as_it_was(smart):
    state = "a state &=#%2f?+ of its own"
    id_ = await smart.waiting("app", state=state)
    told = returned(authorize.approve(smart.oauth, id_, approved("patient/*.rs")))
    assert (told["state"], told["iss"], set(told)) == (state, ISSUER, {"code", "state", "iss"})
    id_ = await smart.waiting("app", state=state)
    told = returned(authorize.refuse(smart.oauth, id_))
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", state, ISSUER)


async def test_what_a_redirect_uri_has_in_its_query_stays(smart):
    smart.register("query", redirect_uris=[BACK + "?tenant=1"])
    id_ = await smart.waiting("query", redirect_uri=BACK + "?tenant=1")
    told = returned(authorize.refuse(smart.oauth, id_))
    assert (told["tenant"], told["error"]) == ("1", "access_denied")


async def test_the_page_is_told_what_is_asked_for(smart):
    smart.register("clear", clearance=["HIV"])
    id_ = await smart.waiting("clear", scope=f"{SCOPES} label/HIV", max_age="60", prompt="login")
    told = authorize.pending(smart.oauth, id_)
    assert told.client.name == "App clear"
    assert told.scopes == (*SCOPES.split(), "label/HIV")
    assert (told.needs_patient, told.offline, told.online) == (True, True, False)
    assert (told.labels, told.max_age, told.prompt) == (("HIV",), 60, ("login",))


async def test_what_is_beyond_the_registration_is_left_out(smart):
    smart.register("small", scopes=["patient/Observation.rs", "launch/patient"])
    id_ = await smart.waiting("small", scope="patient/*.cruds launch/patient offline_access")
    told = authorize.pending(smart.oauth, id_)
    assert told.scopes == ("patient/Observation.rs", "launch/patient")


async def test_a_request_waits_ten_minutes_and_for_one_answer(smart):
    oauth, approval = smart.oauth, approved("patient/*.rs")
    first, second = await smart.waiting("app"), await smart.waiting("app")
    authorize.approve(oauth, first, approval)
    assert authorize.pending(oauth, first) is None
    smart.clock.at += 600
    assert authorize.pending(oauth, second) is None
    for id_ in (first, second, "unknown"):
        with pytest.raises(Gone):
            authorize.approve(oauth, id_, approval)
        with pytest.raises(Gone):
            authorize.refuse(oauth, id_)


@pytest.mark.parametrize(
    ("scopes", "changed"),
    [
        (("patient/*.cruds",), {}),
        (("patient/*.rs", "user/*.rs"), {}),
        (("system/*.rs",), {}),
        (("nonsense",), {}),
        (("patient/*.rs",), {"labels": ("HIV",)}),
        (("patient/*.rs",), {"patient": ""}),
    ],
)
async def test_no_more_is_granted_than_was_asked_for(smart, scopes, changed):
    id_ = await smart.waiting("app")
    with pytest.raises(Invalid):
        authorize.approve(smart.oauth, id_, approved(*scopes, **changed))
    assert smart.oauth.records.find("grants", {}) == []


async def test_less_may_be_granted_than_was_asked_for(smart):
    told = await smart.tokens(approval=approved("launch/patient", "patient/Observation.rs"))
    assert told["scope"] == "launch/patient patient/Observation.rs"
    assert "refresh_token" not in told


async def test_a_user_without_a_resource_is_told_as_none(smart):
    told = await smart.tokens(approval=approved("openid", "fhirUser", fhir_user="", patient=""))
    assert told["scope"] == "openid"


async def test_a_pushed_request_is_used_once_by_its_client(smart):
    smart.register("other")
    oauth = smart.oauth
    client = authorize.pending(oauth, await smart.waiting("app")).client
    uris = [authorize.push(oauth, client, tuple(request("app").items())) for _ in range(3)]
    query = {"client_id": "app", "request_uri": uris[0]}
    stolen = await smart.http.get("/oauth/authorize", params={**query, "client_id": "other"})
    assert stolen.status_code == 400
    answer = await smart.http.get("/oauth/authorize", params={**query, "scope": "user/*.cruds"})
    id_ = answer.headers["location"].partition("request=")[2]
    assert authorize.pending(oauth, id_).scopes == tuple(SCOPES.split())
    assert (await smart.http.get("/oauth/authorize", params=query)).status_code == 400
    # It is no request that waits for a user.
    with pytest.raises(Gone):
        authorize.approve(oauth, uris[1].rpartition(":")[2], approved("patient/*.rs"))
    smart.clock.at += 90
    late = {"client_id": "app", "request_uri": uris[2]}
    assert (await smart.http.get("/oauth/authorize", params=late)).status_code == 400


@pytest.mark.parametrize("uri", ["https://evil.example/request", "urn:x", "a"])
async def test_a_request_is_fetched_from_nowhere(smart, uri):
    query = {**request("app"), "request_uri": uri}
    answer = await smart.http.get("/oauth/authorize", params=query)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_an_app_launched_by_another_user_is_refused(smart):
    smart.oauth.records.insert(
        "requests",
        {
            **smart.oauth.records.get("requests", await smart.waiting("app")),
            "_id": "launched",
            "launch_user": "Practitioner/1",
        },
    )
    with pytest.raises(Forbidden):
        authorize.approve(smart.oauth, "launched", approved("patient/*.rs"))
