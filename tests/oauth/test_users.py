"""Users: who signs in, who does not, and that nobody can tell why."""

from dataclasses import replace

import pytest
from argon2 import PasswordHasher

from fhir_server.oauth import passwords, sessions, users
from fhir_server.oauth.users import User
from tests.oauth.identity import NOW, NURSE, PASSWORD, identities

HERE, ELSEWHERE = "192.0.2.7", "192.0.2.8"


CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
WEAK = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1)


@pytest.fixture
def oauth(mongodb_uri, monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", CHEAP)
    with identities(mongodb_uri) as opened:
        users.add(opened.records, NURSE, PASSWORD)
        yield opened


def ask(oauth, name="nurse", password=PASSWORD, address=HERE, now=NOW):
    return users.signed_in(oauth, name, password, address, now)


def test_a_user_signs_in_and_is_told_as_added(oauth):
    user = ask(oauth)
    assert user == replace(NURSE, sub=user.sub)
    assert len(user.sub) >= 20
    assert ask(oauth, " Nurse ") == user


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("nurse", "wrong"),
        ("nurse", ""),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("\x00", PASSWORD),
        ("\ud800", "\ud800"),
        ("n" * 100_000, "p" * 100_000),
        ("$ne", PASSWORD),
    ],
)
def test_nobody_else_does(oauth, name, password):
    assert ask(oauth, name, password) is None


def test_a_user_who_is_disabled_is_answered_as_one_unknown(oauth):
    assert users.disable(oauth, "nurse")
    assert ask(oauth) is None
    assert users.disable(oauth, "nurse", disabled=False)
    assert ask(oauth)
    assert not users.disable(oauth, "nobody")


def test_unknown_wrong_disabled_and_passwordless_compare_one_password_each(oauth, monkeypatch):
    users.add(oauth.records, User("elsewhere"))
    users.add(oauth.records, User("gone"), PASSWORD)
    users.disable(oauth, "gone")
    compared = []
    holds = passwords.holds
    monkeypatch.setattr(
        passwords, "holds", lambda kept, text: compared.append(kept) or holds(kept, text)
    )
    for name in ("nobody", "nurse", "gone", "elsewhere", "\ud800"):
        password = "wrong" if name == "nurse" else PASSWORD
        assert ask(oauth, name, password) is None
    assert len(compared) == 5


@pytest.mark.parametrize("name", ["nurse", "nobody"])
def test_who_guesses_waits_whether_or_not_the_name_is_anybodys(oauth, name):
    for _ in range(8):
        ask(oauth, name, "wrong")
    assert users.wait(oauth, name, HERE, NOW) == 1
    for _ in range(4):
        ask(oauth, name, "wrong", now=NOW + 100)
    assert users.wait(oauth, name, HERE, NOW + 100) > 0


def test_while_a_name_waits_the_right_password_is_refused_and_nothing_is_compared(
    oauth, monkeypatch
):
    for _ in range(6):
        ask(oauth, password="wrong")
    monkeypatch.setattr(passwords, "holds", lambda *_: pytest.fail("compared"))
    assert ask(oauth) is None


def test_who_guesses_elsewhere_does_not_keep_the_rightful_one_out(oauth):
    for turn in range(12):
        ask(oauth, password="wrong", address=ELSEWHERE, now=NOW + turn * 1000)
    assert users.wait(oauth, "nurse", ELSEWHERE, NOW + 11_001) > 0
    assert ask(oauth, now=NOW + 11_001)


def test_one_network_that_tries_many_names_waits_and_a_name_of_its_own_does_not_help(oauth):
    users.add(oauth.records, User("attacker"), PASSWORD)
    for number in range(users.lockout.FREE_OF_NETWORK):
        users._failed(oauth.records, f"user{number}", HERE, NOW)
    assert ask(oauth, "attacker")
    assert ask(oauth, "nobody") is None
    assert users.wait(oauth, "user-never-tried", HERE, NOW) > 0


def test_the_rightful_one_starts_anew(oauth):
    for _ in range(5):
        ask(oauth, password="wrong")
    assert ask(oauth)
    for _ in range(5):
        ask(oauth, password="wrong")
    assert ask(oauth)


def test_a_hash_of_older_parameters_is_replaced_when_its_password_comes(oauth):
    weak = WEAK.hash(PASSWORD)
    oauth.records.change("users", {"_id": "nurse"}, {"password": weak})
    assert ask(oauth, password="wrong") is None
    assert oauth.records.get("users", "nurse")["password"] == weak
    assert ask(oauth)
    assert not passwords.outdated(oauth.records.get("users", "nurse")["password"])
    assert ask(oauth)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"username": "No Spaces"}, "3 to 64"),
        ({"username": "ab"}, "3 to 64"),
        ({"username": "nurse"}, "a user nurse already"),
        ({"fhir_user": "Group/1"}, "fhir_user"),
        ({"fhir_user": "Patient/a b"}, "fhir_user"),
        ({"fhir_user": "https://evil.example/Patient/1"}, "fhir_user"),
        ({"proxies": ("Patient/1",)}, "proxies"),
        ({"organisations": ("Organization/1",)}, "organisations"),
        ({"roles": ("root",)}, "roles"),
        ({"clearance": ("$ne",)}, "clearance"),
    ],
)
def test_a_user_that_cannot_be_is_refused_with_the_reason(oauth, change, why):
    with pytest.raises(ValueError, match=why):
        users.add(oauth.records, replace(User("doctor"), **change), PASSWORD)


def test_a_citizen_number_is_one_users_and_never_kept(oauth):
    number = "099000000001"
    kept = users.citizen_hash(oauth.records, number)
    users.add(oauth.records, User("citizen", citizen=kept))
    with pytest.raises(ValueError, match="citizen number already"):
        users.add(oauth.records, User("another", citizen=kept))
    assert number not in str(oauth.records.find("users", {}))
    assert users.citizen_hash(oauth.records, number) == kept
    assert users.citizen_hash(oauth.records, "099000000002") != kept
    assert users.citizen_hash(oauth.records, number, b"a key of the settings") != kept


@pytest.mark.parametrize(
    "change",
    [
        lambda oauth: users.set_password(oauth, "nurse", "other words in order"),
        lambda oauth: users.disable(oauth, "nurse"),
    ],
)
def test_another_password_or_an_end_ends_what_was_open(oauth, change):
    user = ask(oauth)
    cookie = sessions.start(oauth, user, auth_time=NOW)
    oauth.records.insert("grants", {"_id": "g", "user": user.sub, "revoked": False})
    oauth.records.insert("tokens", {"_id": "t", "user": user.sub, "revoked": False})
    assert change(oauth)
    assert sessions.of(oauth, cookie) is None
    assert oauth.records.get("grants", "g")["revoked"]
    assert oauth.records.get("tokens", "t")["revoked"]
    assert ask(oauth) is None


def test_a_password_is_changed_for_a_good_one_only(oauth):
    with pytest.raises(ValueError, match="12 characters"):
        users.set_password(oauth, "nurse", "short")
    assert ask(oauth)
    assert not users.set_password(oauth, "nobody", "other words in order")
