"""Which client asks: one proof of the registered kind, and one answer to everything else."""

import base64
from urllib.parse import quote

import pytest

from fhir_server.oauth import clients, lockout
from fhir_server.oauth.authentication import (
    InvalidClientError,
    InvalidRequestError,
    TooManyAttempts,
    authenticated,
)
from fhir_server.oauth.exchange import Request
from tests.oauth.registry import (
    NOW,
    TOKEN_URL,
    answer_of,
    claims,
    emptied,
    kept,
    proving,
    registry,
    signed,
)


@pytest.fixture(scope="module")
def opened(mongodb_uri):
    with registry(mongodb_uri) as found:
        yield found


@pytest.fixture
def oauth(opened):
    return emptied(*opened)[0]


def basic(name, secret):
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def asking(oauth, form=(), headers=None, address="192.0.2.1"):
    return authenticated(oauth, Request(TOKEN_URL, tuple(form), headers or {}, address))


def test_a_public_client_says_its_name(oauth):
    kept(oauth, "public")
    assert asking(oauth, [("client_id", "app")]).id == "app"


def test_a_secret_is_told_in_the_header_or_in_the_form(oauth):
    _, secret = kept(oauth, "symmetric")
    assert asking(oauth, headers=basic("app", secret)).id == "app"
    assert asking(oauth, [("client_id", "app")], basic("app", secret)).id == "app"
    assert asking(oauth, [("client_id", "app"), ("client_secret", secret)]).id == "app"


def test_both_halves_of_basic_are_form_encoded(oauth):
    kept(oauth, "symmetric", id="a b:c")
    secret = "s+%:é"
    oauth.records.change("clients", {"_id": "a b:c"}, {"secret": clients.hashed(secret)})
    assert asking(oauth, headers=basic(quote("a b:c", safe=""), quote(secret, safe="")))


def refusals(oauth):
    """Give what is refused, by its reason."""
    _, secret = kept(oauth, "symmetric")
    kept(oauth, "public", id="page", name="A page")
    kept(oauth, id="system", name="A system")
    kept(oauth, "symmetric", id="waiting", name="Waits", status="pending")
    kept(oauth, "symmetric", id="ended", name="Ended", status="suspended")
    assertion = signed(claims(oauth))
    return {
        "nothing": ([], {}),
        "unknown": ([("client_id", "nobody")], {}),
        "unknown, with a secret": ([], basic("nobody", secret)),
        "operator": ([("client_id", "$ne")], {}),
        "long": ([("client_id", "a" * 10_000)], {}),
        "no name": ([], basic("", secret)),
        "wrong secret": ([], basic("app", "wrong")),
        "empty secret": ([], basic("app", "")),
        "long secret": ([], basic("app", "s" * 600)),
        "hash for secret": (
            [
                ("client_id", "app"),
                ("client_secret", oauth.records.get("clients", "app")["secret"]),
            ],
            {},
        ),
        "wrong secret in the form": ([("client_id", "app"), ("client_secret", "wrong")], {}),
        "confidential without proof": ([("client_id", "app")], {}),
        "system without proof": ([("client_id", "system")], {}),
        "public with a secret": ([("client_id", "page"), ("client_secret", "x")], {}),
        "public with an empty secret": ([], basic("page", "")),
        "system with a secret": ([], basic("system", "")),
        "secret client with a key": (proving(assertion), {}),
        "pending": ([], basic("waiting", secret)),
        "suspended": ([], basic("ended", secret)),
        "two names": ([("client_id", "page")], basic("app", secret)),
        "other scheme": ([("client_id", "page")], {"authorization": "Bearer abc"}),
        "no base64": ([], {"authorization": "Basic ???"}),
        "no colon": ([], {"authorization": "Basic YXBw"}),
        "not ASCII": ([], {"authorization": "Basic " + base64.b64encode(b"app:\xff").decode()}),
        "long header": ([], {"authorization": "Basic " + "QQ" * 1000}),
        "no assertion": (proving(""), {}),
    }


def test_every_refusal_is_the_same_to_the_last_byte(oauth):
    asked = refusals(oauth)
    answers = {}
    for number, (reason, (form, headers)) in enumerate(asked.items()):
        with pytest.raises(InvalidClientError) as error:
            asking(oauth, form, headers, f"192.0.2.{number}")
        answer = answer_of(error.value)
        answers.setdefault((answer.status, answer.content, answer.headers), []).append(reason)
    ((status, body, headers),) = answers
    assert status == 401
    assert body == (
        b'{"error":"invalid_client","error_description":"Client authentication failed."}'
    )
    assert dict(headers)["WWW-Authenticate"].startswith("Basic ")
    assert len(asked) == 26


def test_an_unknown_client_takes_the_time_of_a_known_one(oauth, monkeypatch):
    kept(oauth, "symmetric")
    kept(oauth, "public", id="page", name="A page")
    taken = []

    monkeypatch.setattr(clients, "holds", lambda kept_, _: taken.append(kept_) and False)
    for name in ("app", "page", "nobody"):
        with pytest.raises(InvalidClientError):
            asking(oauth, headers=basic(name, "wrong"))
    assert len(taken) == 3


@pytest.mark.parametrize(
    "more",
    [
        [("client_secret", "x")],
        list(proving("a.b.c")),
    ],
)
def test_two_proofs_are_refused(oauth, more):
    _, secret = kept(oauth, "symmetric")
    with pytest.raises(InvalidRequestError):
        asking(oauth, [("client_id", "app"), *more], basic("app", secret))


def test_a_parameter_given_twice_is_refused(oauth):
    kept(oauth, "public")
    with pytest.raises(InvalidRequestError):
        asking(oauth, [("client_id", "app"), ("client_id", "app")])


def test_who_guesses_waits_and_the_rightful_one_elsewhere_does_not(oauth):
    _, secret = kept(oauth, "symmetric")
    for _ in range(lockout.FREE + 1):
        with pytest.raises(InvalidClientError):
            asking(oauth, headers=basic("app", "wrong"), address="192.0.2.66")
    with pytest.raises(TooManyAttempts) as error:
        asking(oauth, headers=basic("app", secret), address="192.0.2.66")
    answer = answer_of(error.value)
    assert (answer.status, dict(answer.headers)["Retry-After"]) == (429, "1")
    assert asking(oauth, headers=basic("app", secret), address="192.0.2.7").id == "app"
    oauth.clock.now = NOW + 1
    assert asking(oauth, headers=basic("app", secret), address="192.0.2.66").id == "app"


def test_a_name_nobody_has_waits_as_well(oauth):
    for _ in range(lockout.FREE + 1):
        with pytest.raises(InvalidClientError):
            asking(oauth, headers=basic("nobody", "wrong"))
    with pytest.raises(TooManyAttempts):
        asking(oauth, headers=basic("nobody", "wrong"))


def test_a_failed_assertion_never_shuts_a_client_out(oauth):
    kept(oauth)
    for _ in range(20):
        with pytest.raises(InvalidClientError):
            asking(oauth, proving("a.b.c"))
    assert asking(oauth, proving(signed(claims(oauth)))).id == "app"
