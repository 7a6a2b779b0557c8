"""String parameters: how she is found, and how she is not."""

import unicodedata

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.types import string

NAME = "Nguyễn Thị Bưởi"
BUOI = {"resourceType": "Patient", "name": [{"text": NAME, "family": "Nguyễn", "given": ["Bưởi"]}]}


@pytest.mark.parametrize(
    "value",
    [
        "nguyen thi buoi",
        NAME,
        unicodedata.normalize("NFD", NAME),
        "NGUYEN",
        "nguyễn  thị",
        "buoi",
        "thi buoi",
        "bưở",
        "le van,buoi",
    ],
)
def test_she_is_found(search, value):
    assert search.found(BUOI, ("name", value))


@pytest.mark.parametrize("value", ["uoi", "nguyen buoi", "hi buoi", "thi buoi x"])
def test_she_is_not_found(search, value):
    assert not search.found(BUOI, ("name", value))


def test_a_name_stored_decomposed_is_found_too(search):
    resource = {
        "resourceType": "Patient",
        "name": [{"text": unicodedata.normalize("NFD", NAME)}],
    }
    assert search.found(resource, ("name", "nguyen thi buoi"))
    assert search.found(resource, ("name:exact", NAME))


def test_a_name_without_text_is_found_by_family_and_given(search):
    resource = {
        "resourceType": "Patient",
        "name": [{"family": "Nguyễn", "given": ["Thị", "Bưởi"]}],
    }
    assert search.found(resource, ("name", "nguyen thi buoi"))
    assert search.found(resource, ("name", "thi buoi"))
    assert search.found(resource, ("family", "nguyen"))
    assert not search.found(resource, ("family", "thi"))


def test_exact_does_not_fold(search):
    assert search.found(BUOI, ("name:exact", NAME))
    assert search.found(BUOI, ("name:exact", unicodedata.normalize("NFD", NAME)))
    assert not search.found(BUOI, ("name:exact", "Nguyen Thi Buoi"))
    assert not search.found(BUOI, ("name:exact", NAME[:-1]))


def test_a_comma_in_a_value_is_escaped(search):
    resource = {"resourceType": "Organization", "name": "Bệnh viện, Khoa Nội"}
    assert search.found(resource, ("name:exact", r"Bệnh viện\, Khoa Nội"))
    assert not search.found(resource, ("name:exact", "Bệnh viện, Khoa Nội"))


def test_a_plain_string_is_found_by_its_beginning_only(search):
    resource = {"resourceType": "Organization", "name": "Bệnh viện Mẫu"}
    assert search.found(resource, ("name", "benh vien"))
    assert not search.found(resource, ("name", "mau"))


def test_an_address_is_found_by_its_parts(search):
    resource = {
        "resourceType": "Patient",
        "address": [{"text": "Số 1, Phố Huế, Hà Nội", "line": ["Số 1"], "city": "Hà Nội"}],
    }
    for value in ("pho hue", "ha noi", "so 1 pho"):
        assert search.found(resource, ("address", value))
    assert search.found(resource, ("address-city", "ha noi"))


def test_missing_asks_whether_there_is_a_name(search):
    assert search.found(BUOI, ("name:missing", "false"))
    assert search.found({"resourceType": "Patient"}, ("name:missing", "true"))
    assert not search.found(BUOI, ("name:missing", "true"))


def test_a_long_text_is_indexed_by_its_beginning(search):
    resource = {"resourceType": "Patient", "name": [{"text": "an " * 100_000}]}
    fields = search.document(resource)["x"]
    assert sum(map(len, fields["name"])) < 10_000
    assert search.found(resource, ("name", "an an an"))


@pytest.mark.parametrize("value", ["-", "...", "%"])
def test_a_value_without_letters_is_refused(search, value):
    with pytest.raises(Invalid):
        search.ask("Patient", ("name", value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("uoi", True),
        ("ƯỞI", True),
        ("yen thi", True),
        ("x,hi b", True),
        ("nguyenthi", False),
        ("buoi nguyen", False),
    ],
)
def test_contains_looks_into_the_words(search, value, expected):
    resource = {"resourceType": "Patient", "name": [{"text": "Nguyễn Thị Bưởi"}]}
    assert search.found(resource, ("name:contains", value)) is expected


def test_contains_takes_no_pattern(search):
    resource = {"resourceType": "Patient", "name": [{"text": "abc"}]}
    assert not search.found(resource, ("name:contains", "a.c"))
    with pytest.raises(Invalid, match="neither letter nor digit"):
        search.ask("Patient", ("name:contains", ".*"))


def test_what_is_supported_is_said(search):
    with pytest.raises(Invalid, match=":exact, :contains, :missing"):
        search.ask("Patient", ("name:text", "uoi"))


def test_a_run_of_accents_is_cut_before_it_is_put_in_order(search):
    marks = "a" + "\u0315\u0300" * 400_000
    found = search.document({"resourceType": "Patient", "name": [{"text": marks}]})["x"]
    assert [len(text) for text in found["name:exact"]] == [string.LENGTH]


def test_a_long_decomposed_name_is_found_by_its_composed_letters(search):
    name = "ướ" * 200
    written = {"resourceType": "Patient", "name": [{"text": unicodedata.normalize("NFD", name)}]}
    assert search.found(written, ("name:exact", name[: string.LENGTH]))
