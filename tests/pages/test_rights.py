"""Scopes in plain words: every one is told, none is made harmless."""

import re

import pytest

from fhir_server.pages.rights import groups, text
from fhir_server.pages.words import LANGUAGES, catalogue


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("patient/Observation.rs", "Results of tests, measurements and examinations: see"),
        ("patient/Observation.read", "Results of tests, measurements and examinations: see"),
        ("patient/Condition.write", "Illnesses and diagnoses: add, change, delete"),
        ("user/*.cruds", "All data: see, add, change, delete"),
        ("patient/Immunization.s", "Vaccinations: see"),
        (
            "patient/Observation.rs?category=http://example.org/cs|imaging",
            "Results of tests, measurements and examinations: see (only where category is imaging)",
        ),
        ("patient/SubstancePolymer.d", "SubstancePolymer: delete"),
        ("offline_access", "Stay connected while you do not use the app"),
        ("launch/episodeofcare", "launch/episodeofcare"),
        ("patient/Nonsense.<b>", "patient/Nonsense.&lt;b&gt;"),
    ],
)
def test_a_scope_is_told_in_plain_words(spec, scope, words):
    assert re.sub("</?bdi>", "", text(catalogue("en"), scope, spec)) == words


def test_every_scope_is_told_once_under_whose_data_it_is_about(spec):
    asked = ["openid", "user/Patient.rs", "patient/Patient.rs", "patient/Patient.rs", "odd/one"]
    told = groups(catalogue("en"), asked, spec)
    assert [group.key for group in told] == ["rights.about", "rights.patient", "rights.user"]
    assert sorted(right.scope for group in told for right in group.rights) == sorted(set(asked))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_type_that_is_about_a_patient_has_a_name(spec, language):
    types = spec.compartments["Patient"]
    assert len(types) > 60
    assert not [one for one in types if f"type.{one}" not in catalogue(language)]
