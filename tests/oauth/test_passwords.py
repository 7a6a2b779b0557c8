"""Passwords: what is taken, what is kept of them."""

import unicodedata
from threading import BoundedSemaphore

import pytest
from argon2 import PasswordHasher

from fhir_server.fhir.errors import Unavailable
from fhir_server.oauth import passwords

GOOD = "bốn chữ lạ lùng"


def test_what_is_kept_is_argon2id_and_holds_for_the_same_text_only():
    kept = passwords.hashed(GOOD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert GOOD not in kept
    assert passwords.holds(kept, GOOD)
    assert not passwords.holds(kept, GOOD + " ")
    assert passwords.hashed(GOOD) != kept


def test_letters_hold_however_the_keyboard_composes_them():
    kept = passwords.hashed(unicodedata.normalize("NFD", GOOD))
    assert passwords.holds(kept, unicodedata.normalize("NFC", GOOD))


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$v=19$m=65536,t=3,p=4$x$y", "$2b$12$abc"])
def test_a_hash_that_cannot_be_read_holds_for_nothing(kept):
    assert not passwords.holds(kept, "")
    assert not passwords.holds(kept, "plain")


@pytest.mark.parametrize("text", ["a" * 257, "ố" * 100, "ﷺ" * 20, "\ud800" * 12])
def test_a_text_that_is_too_long_or_no_text_is_never_hashed(text):
    with pytest.raises(ValueError, match="at most 256 bytes"):
        passwords.hashed(text)
    with pytest.raises(ValueError, match="over 256 bytes"):
        passwords.check(text, "nurse")
    assert not passwords.holds(passwords.hashed(""), text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("eleven char", "12 characters"),
        ("aaaaaaaaaaaaaaaa", "many people"),
        ("ababababababab", "many people"),
        ("Password12345", "many people"),
        ("ＰＡＳＳＷＯＲＤ１２３４５", "many people"),
        ("matkhau123456", "many people"),
        ("the nurse of ward 7", "user's name"),
    ],
)
def test_a_password_easy_to_guess_is_refused_with_what_to_do(text, why):
    with pytest.raises(ValueError, match=why):
        passwords.check(text, "nurse")


@pytest.mark.parametrize(
    "text", [GOOD, "correct horse battery", "x7-Qp!0zLm#4", "爱" * 8 + "平安健康"]
)
def test_length_is_enough_whatever_the_letters(text):
    passwords.check(text, "nurse")


def test_a_hash_of_other_parameters_is_outdated():
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    assert passwords.holds(weak, GOOD)
    assert passwords.outdated(weak)
    assert not passwords.outdated(passwords.hashed(GOOD))


def test_a_name_nobody_has_costs_what_anybodys_costs(monkeypatch):
    asked = []

    def verify(kept, text):
        asked.append(kept)
        return True

    monkeypatch.setattr(passwords, "_HASHER", type("Hasher", (), {"verify": staticmethod(verify)}))
    passwords.dummy()
    [kept] = asked
    assert not PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4).check_needs_rehash(
        kept
    )


def test_where_too_many_sign_in_at_once_the_next_is_told_to_come_again(monkeypatch):
    monkeypatch.setattr(passwords, "_PATIENCE", 0.0)
    monkeypatch.setattr(passwords, "_AT_ONCE", BoundedSemaphore(1))
    kept = passwords.hashed(GOOD)
    with passwords._turn(), pytest.raises(Unavailable, match="shortly"):
        passwords.holds(kept, GOOD)
    assert passwords.holds(kept, GOOD)
