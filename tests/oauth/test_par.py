"""Pushed requests: of one client, for a moment, once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from authlib.oauth2.rfc6749 import InvalidRequestError, UnauthorizedClientError

from fhir_server.oauth import par
from tests.oauth.registry import NOW, emptied, kept, registry

FORM = (
    ("client_id", "app"),
    ("client_secret", "hidden"),
    ("response_type", "code"),
    ("redirect_uri", "https://app.example.org/back"),
    ("scope", "openid fhirUser"),
    ("state", "a" * 22),
)


@pytest.fixture(scope="module")
def opened(mongodb_uri):
    with registry(mongodb_uri) as found:
        yield found


@pytest.fixture
def oauth(opened):
    return emptied(*opened)[0]


@pytest.fixture
def app(oauth):
    return kept(oauth, "symmetric")[0]


def pushed(oauth, app, form=FORM, jkt=""):
    answer = par.pushed(oauth, app, form, jkt)
    told = json.loads(answer.content)
    assert (answer.status, told["expires_in"]) == (201, 90)
    return told["request_uri"]


def refused(oauth, request_uri, client_id="app"):
    with pytest.raises(InvalidRequestError) as error:
        par.taken(oauth, client_id, request_uri)
    return error.value.description


def test_what_was_pushed_is_taken_once_and_without_its_proof(oauth, app):
    request_uri = pushed(oauth, app)
    assert request_uri.startswith("urn:ietf:params:oauth:request_uri:")
    assert par.taken(oauth, "app", request_uri) == tuple(
        pair for pair in FORM if pair[0] != "client_secret"
    )
    assert refused(oauth, request_uri)


def test_every_refusal_of_a_request_uri_is_the_same(oauth, app):
    used, other, old = (pushed(oauth, app) for _ in range(3))
    par.taken(oauth, "app", used)
    told = {
        refused(oauth, used),
        refused(oauth, other, "other"),
        refused(oauth, other + "x"),
        refused(oauth, ""),
        refused(oauth, "https://evil.example/request"),
        refused(oauth, par.PREFIX),
        refused(oauth, par.PREFIX + "\udcff"),
        refused(oauth, other.removeprefix(par.PREFIX)),
    }
    oauth.clock.now = NOW + 90
    assert {refused(oauth, old)} == told
    assert len(told) == 1


def test_who_tries_anothers_request_uri_does_not_use_it_up(oauth, app):
    request_uri = pushed(oauth, app)
    refused(oauth, request_uri, "other")
    oauth.clock.now = NOW + 89
    assert par.taken(oauth, "app", request_uri)


def test_the_record_of_a_request_does_not_tell_its_uri(oauth, app):
    reference = pushed(oauth, app).removeprefix(par.PREFIX)
    (record,) = oauth.records.find("requests", {"client": "app"})
    assert reference not in str(record)
    assert "hidden" not in str(record)


def test_of_many_at_once_exactly_one_takes_it(oauth, app):
    request_uri = pushed(oauth, app)

    def take(_):
        try:
            return par.taken(oauth, "app", request_uri)
        except InvalidRequestError:
            return None

    with ThreadPoolExecutor(16) as pool:
        assert len([one for one in pool.map(take, range(32)) if one]) == 1


@pytest.mark.parametrize(
    "form",
    [
        (*FORM, ("request_uri", "urn:ietf:params:oauth:request_uri:x")),
        (*FORM, ("request", "a.b.c")),
        (("client_id", "other"), *FORM[1:]),
        (*FORM, ("scope", "openid")),
    ],
)
def test_a_request_that_names_another_is_refused(oauth, app, form):
    with pytest.raises(InvalidRequestError):
        par.pushed(oauth, app, form)


def test_a_client_that_asks_no_user_pushes_nothing(oauth):
    system, _ = kept(oauth, grant_types=("client_credentials",))
    with pytest.raises(UnauthorizedClientError):
        par.pushed(oauth, system, FORM)


def test_the_key_of_a_proof_goes_with_the_request(oauth, app):
    assert ("dpop_jkt", "k") in par.taken(oauth, "app", pushed(oauth, app, jkt="k"))
    form = (*FORM, ("dpop_jkt", "k"))
    assert ("dpop_jkt", "k") in par.taken(oauth, "app", pushed(oauth, app, form))
    assert pushed(oauth, app, form, "k")
    with pytest.raises(InvalidRequestError):
        par.pushed(oauth, app, form, "other")
