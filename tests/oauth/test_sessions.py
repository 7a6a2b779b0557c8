"""Sessions: opaque, kept by their hash, and they end."""

import pytest

from fhir_server.oauth import sessions, users
from tests.oauth.identity import NOW, NURSE, identities


@pytest.fixture
def oauth(mongodb_uri):
    with identities(mongodb_uri) as opened:
        users.add(opened.records, NURSE)
        yield opened


@pytest.fixture
def cookie(oauth):
    return sessions.start(oauth, users.get(oauth.records, "nurse"), auth_time=NOW, acr="2")


def test_a_cookie_gives_its_session(oauth, cookie):
    session = sessions.of(oauth, cookie)
    assert session.user == users.get(oauth.records, "nurse")
    assert (session.auth_time, session.acr) == (NOW, "2")


def test_the_cookie_is_kept_by_its_hash_only_and_is_long(oauth, cookie):
    assert len(cookie) >= 43
    assert cookie not in str(oauth.records.find("sessions", {}))


def test_each_sign_in_has_a_session_of_its_own(oauth, cookie):
    again = sessions.start(oauth, users.get(oauth.records, "nurse"), auth_time=NOW)
    one, other = sessions.of(oauth, cookie), sessions.of(oauth, again)
    assert one.id != other.id
    assert one.csrf != other.csrf


@pytest.mark.parametrize("sent", ["", "x", "\ud800", "a" * 100_000])
def test_a_cookie_nobody_was_given_is_nobodys(oauth, cookie, sent):
    assert sessions.of(oauth, sent) is None
    sessions.end(oauth, sent)
    assert sessions.of(oauth, cookie)


def test_the_id_of_a_session_is_no_cookie(oauth, cookie):
    assert sessions.of(oauth, sessions.of(oauth, cookie).id) is None


def test_half_an_hour_unused_ends_it_though_the_database_keeps_it(oauth, cookie):
    session = sessions.of(oauth, cookie)
    oauth.clock.now += 30 * 60
    assert oauth.records.get("sessions", session.id)
    assert sessions.of(oauth, cookie) is None
    assert not sessions.alive(oauth.records, session.id, oauth.clock())


def test_use_keeps_it_but_not_beyond_twelve_hours(oauth, cookie):
    for _ in range(12 * 3 - 1):
        oauth.clock.now += 20 * 60
        assert sessions.of(oauth, cookie)
    assert sessions.alive(oauth.records, sessions.of(oauth, cookie).id, oauth.clock())
    oauth.clock.now += 20 * 60
    assert sessions.of(oauth, cookie) is None


def test_reading_it_twice_in_a_minute_writes_nothing(oauth, cookie):
    id_ = sessions.of(oauth, cookie).id
    oauth.clock.now += 60
    sessions.of(oauth, cookie)
    assert oauth.records.get("sessions", id_)["expires"] == NOW + 30 * 60


def test_the_session_of_a_disabled_user_is_nobodys_at_once(oauth, cookie):
    oauth.records.change("users", {"_id": "nurse"}, {"disabled": True})
    assert sessions.of(oauth, cookie) is None


def test_its_end_takes_the_online_grants_and_leaves_the_others(oauth, cookie):
    id_ = sessions.of(oauth, cookie).id
    for name, session in (("online", id_), ("offline", ""), ("other", "another")):
        oauth.records.insert("grants", {"_id": name, "session": session, "revoked": False})
        oauth.records.insert("tokens", {"_id": name, "session": session, "revoked": False})
    sessions.end(oauth, cookie)
    assert sessions.of(oauth, cookie) is None
    revoked = {one["_id"] for one in oauth.records.find("grants", {"revoked": True})}
    assert revoked == {one["_id"] for one in oauth.records.find("tokens", {"revoked": True})}
    assert revoked == {"online"}


def test_only_the_sessions_own_token_makes_a_form_its(oauth, cookie):
    session = sessions.of(oauth, cookie)
    again = sessions.of(
        oauth, sessions.start(oauth, users.get(oauth.records, "nurse"), auth_time=NOW)
    )
    assert sessions.csrf_holds(session, session.csrf)
    for token in ("", "x", "\ud800", again.csrf, session.id, session.csrf + "a"):
        assert not sessions.csrf_holds(session, token)
