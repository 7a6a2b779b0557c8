"""Signing in at a provider others run: the honest way, and all the others, which end in a no."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from fhir_server.oauth import federation, users
from fhir_server.oauth.federation import NotSignedIn
from fhir_server.oauth.users import User
from tests.oauth.identity import NOW, identities
from tests.oauth.provider import EC, FOREIGN, ISSUER, OURS, RSA, Mock

BROWSER = "a word of this browser"
NUMBER = "099000000001"


@pytest.fixture
def oauth(mongodb_uri):
    with identities(mongodb_uri) as opened:
        yield opened


@pytest.fixture
def mock(oauth):
    return Mock(oauth.clock)


@pytest.fixture
def provider(mock):
    return mock.provider()


def sign_in(oauth, mock, provider, **given):
    """Walk the honest way; what is given is said otherwise by the provider."""
    address = federation.begin(oauth, provider, "request-1", BROWSER)
    parameters = mock.signs_in(address, **given)
    return federation.finish(oauth, provider, parameters, BROWSER)


def refused(why, oauth, mock, provider, **given):
    with pytest.raises(NotSignedIn) as caught:
        sign_in(oauth, mock, provider, **given)
    assert caught.value.why == why
    return str(caught.value)


def test_a_person_comes_back_with_number_level_and_what_it_was_begun_for(oauth, mock, provider):
    person = sign_in(oauth, mock, provider)
    told = (person.number, person.acr, person.auth_time, person.request)
    assert told == (NUMBER, "2", NOW - 5, "request-1")
    assert "person-1" not in person.name


def test_the_question_has_all_that_guards_the_answer_and_nothing_guessable(oauth, provider):
    one, other = (
        dict(parse_qsl(urlsplit(federation.begin(oauth, provider, "r", BROWSER)).query))
        for _ in range(2)
    )
    assert one["scope"] == "openid citizen"
    assert (one["acr_values"], one["max_age"]) == ("2 3", "300")
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name]) >= 43
        assert one[name] != other[name]


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (RSA, {}),
        (RSA, {"alg": "PS256"}),
        (EC, {}),
        (RSA, {"typ": "JWT"}),
    ],
)
def test_each_algorithm_of_the_list_is_taken(oauth, mock, provider, key, header):
    mock.key, mock.header = key, header
    assert sign_in(oauth, mock, provider).number == NUMBER


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (None, {"alg": "none"}),
        (None, {"alg": "None"}),
        (OctKey.import_key(OURS.secret), {"kid": "rsa"}),
        (RSA, {"alg": "RS512"}),
        (RSA, {"alg": "RS384"}),
        (EC, {"kid": "rsa"}),
        (RSA, {"kid": "ec"}),
        (RSA, {"kid": "nobodys"}),
        (RSA, {"kid": None}),
        (RSA, {"typ": "at+jwt"}),
        (RSA, {"typ": "logout+jwt"}),
        (RSA, {"crit": ["exp"]}),
        (RSA, {"b64": True}),
        (FOREIGN, {}),
        (FOREIGN, {"jwk": FOREIGN.as_dict(private=False)}),
        (ECKey.generate_key("P-384", {"kid": "ec"}), {"alg": "ES384"}),
    ],
)
def test_a_token_signed_otherwise_is_nobodys(oauth, mock, provider, key, header):
    mock.key, mock.header = key, header
    if key and "kid" not in header:
        mock.header = {"kid": key.kid, **header}
    mock.keys = [RSA, RSAKey.generate_key(2048, {"kid": "other"}), EC]
    refused("provider", oauth, mock, provider)


CLAIMS = [
    ("iss", None),
    ("iss", "https://id.example.org/"),
    ("iss", "https://ID.example.org"),
    ("iss", "https://other.example"),
    ("iss", [ISSUER]),
    ("aud", None),
    ("aud", "another client"),
    ("aud", [OURS.client_id, "another client"]),
    ("aud", []),
    ("azp", "another client"),
    ("sub", None),
    ("sub", ""),
    ("sub", 7),
    ("sub", "s" * 256),
    ("nonce", None),
    ("nonce", ""),
    ("nonce", "another"),
    ("nonce", "\ud800"),
    ("exp", None),
    ("exp", NOW - 31),
    ("exp", str(NOW + 300)),
    ("exp", NOW + 300.5),
    ("exp", 10**400),
    ("exp", True),
    ("iat", None),
    ("iat", NOW + 31),
    ("iat", NOW - 601),
    ("nbf", NOW + 31),
    ("auth_time", None),
    ("auth_time", NOW - 901),
    ("auth_time", NOW + 31),
    ("auth_time", "now"),
    ("at_hash", "another"),
    ("at_hash", ""),
    ("at_hash", 7),
    ("citizen_number", None),
    ("citizen_number", 99000000001),
    ("citizen_number", ""),
    ("citizen_number", "099 000 000"),
    ("citizen_number", {"$ne": ""}),
    ("citizen_number", "٠٩٩٠٠٠٠٠٠٠٠١"),
]


@pytest.mark.parametrize(("name", "value"), CLAIMS)
def test_a_token_that_says_this_is_nobodys(oauth, mock, provider, name, value):
    mock.claims = {name: value}
    refused("provider", oauth, mock, provider)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aud", [OURS.client_id]),
        ("azp", OURS.client_id),
        ("exp", NOW - 29),
        ("iat", NOW + 29),
        ("nbf", NOW + 29),
        ("at_hash", None),
        ("acr", "3"),
    ],
)
def test_a_token_that_says_this_is_good(oauth, mock, provider, name, value):
    mock.claims = {name: value}
    assert sign_in(oauth, mock, provider).number == NUMBER


@pytest.mark.parametrize("acr", [None, "", "1", "22", 2, ["2"], {}])
def test_a_level_not_in_the_settings_is_not_enough(oauth, mock, provider, acr):
    mock.claims = {"acr": acr}
    refused("level", oauth, mock, provider)


@pytest.mark.parametrize("token", [None, 7, "", "a.b", "a.b.c", "e30.e30.e30", "x" * 100_000])
def test_an_answer_without_a_readable_id_token_is_nobodys(oauth, mock, provider, token):
    mock.answer = {"id_token": token}
    refused("provider", oauth, mock, provider)


def test_an_access_token_the_hash_is_not_of_is_refused_even_where_it_is_missing(
    oauth, mock, provider
):
    for token in ("another", None, "\u1ea1"):
        mock.answer = {"access_token": token}
        assert "at_hash" in refused("provider", oauth, mock, provider)


@pytest.mark.parametrize("issuer", [None, "", "https://other.example", f"{ISSUER}/"])
def test_an_answer_that_names_another_issuer_or_none_is_a_mix_up(oauth, mock, provider, issuer):
    refused("provider", oauth, mock, provider, iss=issuer)
    assert "/token" not in mock.asked


def test_a_provider_that_does_not_name_itself_may_leave_it_out_but_not_name_another(
    oauth, mock, provider
):
    mock.document = {"authorization_response_iss_parameter_supported": False}
    assert sign_in(oauth, mock, provider, iss=None)
    refused("provider", oauth, mock, provider, iss="https://other.example")


def test_who_says_no_there_is_not_signed_in(oauth, mock, provider):
    refused("denied", oauth, mock, provider, code=None, error="access_denied")
    refused("provider", oauth, mock, provider, error="server_error")
    refused("provider", oauth, mock, provider, code=None)


@pytest.mark.parametrize("given", [{}, {"state": ""}, {"state": "x"}, {"state": "\ud800"}])
def test_an_answer_nobody_asked_for_is_refused(oauth, provider, given):
    with pytest.raises(NotSignedIn, match="old"):
        federation.finish(oauth, provider, {"code": "c", "iss": ISSUER, **given}, BROWSER)


def test_an_answer_in_another_browser_is_refused_and_still_good_in_the_right_one(
    oauth, mock, provider
):
    address = federation.begin(oauth, provider, "r", BROWSER)
    parameters = mock.signs_in(address)
    for other in ("", "another", BROWSER + " "):
        with pytest.raises(NotSignedIn, match="old"):
            federation.finish(oauth, provider, parameters, other)
    assert federation.finish(oauth, provider, parameters, BROWSER)


def test_an_answer_counts_once_and_not_after_ten_minutes(oauth, mock, provider):
    address = federation.begin(oauth, provider, "r", BROWSER)
    parameters = mock.signs_in(address)
    assert federation.finish(oauth, provider, parameters, BROWSER)
    with pytest.raises(NotSignedIn, match="old"):
        federation.finish(oauth, provider, parameters, BROWSER)
    parameters = mock.signs_in(federation.begin(oauth, provider, "r", BROWSER))
    oauth.clock.now += 600
    with pytest.raises(NotSignedIn, match="old"):
        federation.finish(oauth, provider, parameters, BROWSER)


def test_of_many_who_bring_one_answer_one_is_signed_in(oauth, mock, provider):
    parameters = mock.signs_in(federation.begin(oauth, provider, "r", BROWSER))

    def finish(_):
        try:
            return federation.finish(oauth, provider, parameters, BROWSER)
        except NotSignedIn:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert len([one for one in pool.map(finish, range(16)) if one]) == 1


def test_a_code_begun_by_another_does_not_fit_what_was_begun_here(oauth, mock, provider):
    mine, theirs = (
        mock.signs_in(federation.begin(oauth, provider, "r", who), sub=who)
        for who in (BROWSER, "the other's")
    )
    with pytest.raises(NotSignedIn, match="status 400"):
        federation.finish(oauth, provider, {**mine, "code": theirs["code"]}, BROWSER)


def test_neither_state_nor_browser_is_kept_as_it_is(oauth, provider):
    address = federation.begin(oauth, provider, "r", BROWSER)
    state = dict(parse_qsl(urlsplit(address).query))["state"]
    kept = str(oauth.records.find("federations", {}))
    assert state not in kept
    assert BROWSER not in kept


def test_a_key_proves_who_we_are_in_place_of_a_secret(oauth, mock):
    ours = ECKey.generate_key("P-256")
    mock.client_keys = KeySet([ours])
    provider = mock.provider(replace(OURS, secret="", key=ours))
    assert sign_in(oauth, mock, provider).number == NUMBER


def user(oauth, mock, provider, patient="1", **given):
    person = sign_in(oauth, mock, provider, **given)
    return federation.user_of(oauth, provider, person, patient)


def test_a_citizen_becomes_the_patient_with_the_number_and_the_same_user_each_time(
    oauth, mock, provider
):
    one = user(oauth, mock, provider)
    assert one.fhir_user == "Patient/1"
    assert user(oauth, mock, provider) == one
    assert len(oauth.records.find("users", {})) == 1
    kept = str(oauth.records.find("users", {}))
    assert NUMBER not in kept
    assert "person-1" not in kept
    assert users.signed_in(oauth, one.username, "", "192.0.2.7", NOW) is None


def test_a_citizen_with_no_patient_or_several_is_refused_and_nobody_is_kept(oauth, mock, provider):
    with pytest.raises(NotSignedIn, match="unknown"):
        user(oauth, mock, provider, patient=None)
    assert oauth.records.find("users", {}) == []


def test_a_citizen_follows_the_patient_when_records_are_merged(oauth, mock, provider):
    user(oauth, mock, provider)
    assert user(oauth, mock, provider, patient="2").fhir_user == "Patient/2"
    assert oauth.records.find("users", {})[0]["fhir_user"] == "Patient/2"
    with pytest.raises(NotSignedIn, match="unknown"):
        user(oauth, mock, provider, patient=None)


def test_first_sign_ins_at_the_same_time_make_one_user(oauth, mock, provider):
    people = [sign_in(oauth, mock, provider) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda one: federation.user_of(oauth, provider, one, "1"), people))
    assert len({one.sub for one in made}) == 1


def test_one_whom_an_operator_added_with_the_number_stays_who_he_is(oauth, mock, provider):
    citizen = users.citizen_hash(oauth.records, NUMBER)
    users.add(oauth.records, User("doctor", fhir_user="Practitioner/2", citizen=citizen))
    assert user(oauth, mock, provider, patient=None).fhir_user == "Practitioner/2"
    assert user(oauth, mock, provider, patient="1").username == "doctor"


def test_the_number_alone_decides_never_name_or_mail(oauth, mock, provider):
    users.add(oauth.records, User("doctor", display="A doctor", fhir_user="Practitioner/2"))
    mock.claims = {
        "name": "A doctor",
        "email": "doctor@example.org",
        "preferred_username": "doctor",
    }
    assert user(oauth, mock, provider).fhir_user == "Patient/1"


def test_another_person_there_with_the_same_number_is_refused(oauth, mock, provider):
    user(oauth, mock, provider)
    with pytest.raises(NotSignedIn, match="changed"):
        user(oauth, mock, provider, sub="person-2")


def test_a_person_there_whose_number_became_another_is_refused(oauth, mock, provider):
    user(oauth, mock, provider)
    with pytest.raises(NotSignedIn, match="changed"):
        user(oauth, mock, provider, number="099000000002")


def test_a_disabled_user_is_refused(oauth, mock, provider):
    users.disable(oauth, user(oauth, mock, provider).username)
    with pytest.raises(NotSignedIn, match="disabled"):
        user(oauth, mock, provider)


def test_the_log_says_what_was_wrong_and_nothing_of_the_person(oauth, mock, provider, caplog):
    mock.claims = {"acr": "1", "name": "CANARY name"}
    with caplog.at_level(logging.INFO, "fhir_server"):
        refused("level", oauth, mock, provider, sub="CANARY-sub")
        mock.claims = {"citizen_number": "CANARY number"}
        refused("provider", oauth, mock, provider)
        mock.answer = {"id_token": "CANARY.CANARY.CANARY"}
        refused("provider", oauth, mock, provider)
    told = [(record.msg, record.args) for record in caplog.records]
    assert len(told) == 3
    assert "CANARY" not in str(told)
    assert NUMBER not in str(told)
