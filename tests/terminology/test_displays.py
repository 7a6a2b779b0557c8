"""What a code is called."""

import pytest

from fhir_server.terminology.displays import alike, designations, display, speaks, texts

OWN = {"display": "Pneumonia", "designation": [
    {"language": "vi", "value": "Viêm phổi"}, {"language": "fr", "value": "Pneumonie"},
]}  # fmt: skip
SET = {"display": "Lung fever"}


@pytest.mark.parametrize(
    ("concepts", "language", "native", "told"),
    [
        ([OWN], "", "", "Pneumonia"),
        ([OWN], "vi", "", "Viêm phổi"),
        ([OWN], "vi", "en", "Viêm phổi"),
        ([OWN], "vi", "vi", "Pneumonia"),
        ([OWN], "de", "", "Pneumonia"),
        ([SET, OWN], "", "", "Lung fever"),
        ([SET, OWN], "fr", "", "Pneumonie"),
        ([{}, OWN], "", "", "Pneumonia"),
        ([], "", "", ""),
    ],
)
def test_the_first_that_speaks_the_language_counts(concepts, language, native, told):
    assert display(concepts, language, native) == told


def test_a_designation_is_given_once():
    assert list(designations([OWN, OWN])) == OWN["designation"]
    assert list(texts([SET, OWN])) == ["Lung fever", "Pneumonia", "Viêm phổi", "Pneumonie"]


def test_a_language_of_a_region_is_one_of_its_kind():
    assert speaks("vi-VN", "VI")
    assert not speaks("vi", "vi-VN")
    assert not speaks("vie", "vi")
    assert not speaks("", "vi")


def test_case_and_spaces_do_not_count_but_accents_do():
    assert alike("viêm  PHỔI ", "Viêm phổi")
    assert alike("Vie\u0302m", "Viêm")
    assert not alike("Viem phoi", "Viêm phổi")
