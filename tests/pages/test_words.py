"""The catalogues: the same keys in both languages, words only, and a language for every reader."""

import re
from pathlib import Path

import pytest
from markupsafe import Markup

import fhir_server.pages
from fhir_server.pages.words import LANGUAGES, catalogue, chosen, day, isolated, moment, say

FOLDER = Path(fhir_server.pages.__path__[0])
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [*FOLDER.glob("*.py"), *(FOLDER / "templates").glob("*.html")]
)


def test_both_languages_have_the_same_texts_with_the_same_places_in_them():
    vietnamese, english = (catalogue(one) for one in LANGUAGES)
    assert list(vietnamese) == list(english)
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", vietnamese[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_plain_words(language):
    for key, text in catalogue(language).items():
        assert text.strip(), key
        assert not set('<>&"') & set(text), key


def test_every_text_is_used_and_every_text_used_is_there():
    keys = set(catalogue("en"))
    used = {key for key in keys if f'"{key}"' in SOURCES}
    families = (
        "type",
        "scope",
        "value",
        "label",
        "may",
        "rights",
        "nav",
        "access-log",
        "outcome",
        "federation",
    )
    rest = {key for key in keys - used if key.partition(".")[0] not in (*families, "developers")}
    assert not rest
    literal = set(re.findall(r'say\("([^"~]+)"[,)]', SOURCES))
    literal |= set(re.findall(r'"(refused\.[a-z-]+)"', SOURCES))
    assert not literal - keys


@pytest.mark.parametrize(
    ("asked", "kept", "accepted", "language"),
    [
        ("", "", "", "vi"),
        ("en", "vi", "vi", "en"),
        ("xx", "en", "vi", "en"),
        ("", "", "en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("", "", "fr, vi;q=0.5, en;q=0.7", "en"),
        ("", "", "en;q=0, vi;q=0.1", "vi"),
        ("", "", "en;q=x,,;;q=1,*", "vi"),
        ("<script>", "../", "\x00", "vi"),
    ],
)
def test_the_language_is_as_asked_then_as_kept_then_as_the_browser_likes_it(
    asked, kept, accepted, language
):
    assert chosen(asked, kept, accepted) == language


def test_what_is_put_into_a_text_is_escaped():
    told = say(catalogue("en"), "consent.heading", app="<script>")
    assert "<script>" not in told
    assert isinstance(told, Markup)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Sổ sức khỏe", "Sổ sức khỏe"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("good\u202eliam.exe", "goodliam.exe"),
        ("a\u200bb\u2066c\r\n\x00d", "abcd"),
        ("", "–"),
        ("\u202e", "–"),
    ],
)
def test_a_name_of_somebody_elses_choice_is_isolated(name, shown):
    assert isolated(name) == f"<bdi>{shown}</bdi>"


def test_a_point_in_time_is_told_in_the_readers_way(fhir):
    zone = fhir.context.zone
    assert ">28/11/2026 07:00<" in moment("vi", 1795824000, zone)
    assert ">2026-11-28 07:00<" in moment("en", 1795824000, zone)


@pytest.mark.parametrize(
    ("date", "shown"), [("1990-01-31", "31/01/1990"), ("1990", "1990"), ("", "")]
)
def test_a_day_is_told_in_the_readers_way(date, shown):
    assert day("vi", date) == shown
    assert day("en", date) == date
