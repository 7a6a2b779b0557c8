"""`_text` and `_content`: the words a person reads, and only those."""

from dataclasses import replace

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.clause import Scope
from fhir_server.search.index import index_fields
from fhir_server.search.match import matches
from fhir_server.search.parse import is_searched, parse
from fhir_server.search.place import Place
from fhir_server.search.words import LENGTH, MAX_LETTERS, MAX_WORDS, fields

PLACE = Place(text_search=True)
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
CONDITION = {
    "resourceType": "Condition",
    "id": "hiddenid",
    "language": "vi",
    "meta": {"profile": ["http://example.org/hiddenprofile"]},
    "text": {
        "status": "generated",
        "div": DIV.format(
            '<p class="hiddenclass">Đau <b>thắt</b> ngực&nbsp;trái<br/>'
            '<a href="http://example.org/hiddenlink" title="hidden > title">xem</a></p>'
        ),
    },
    "contained": [
        {
            "resourceType": "Patient",
            "id": "p",
            "name": [{"family": "Trần"}],
            "text": {"status": "generated", "div": DIV.format("bệnh nhân")},
        }
    ],
    "identifier": [{"system": "http://example.org/hiddensystem", "value": "hiddennumber"}],
    "code": {
        "coding": [
            {"system": "http://example.org/icd", "code": "hiddencode", "display": "Angina pectoris"}
        ],
        "text": "Cơn đau thắt ngực",
    },
    "subject": {"reference": "Patient/hiddenpatient", "display": "Nguyễn Thị Bưởi"},
    "note": [{"text": "worse at **night**", "time": "2026-11-28"}],
    "extension": [{"url": "http://example.org/hiddenurl", "valueString": "extended"}],
}


@pytest.fixture(scope="module")
def ask(spec):
    def found(resource, name, value):
        query = parse(
            spec,
            resource["resourceType"],
            [(name, value)],
            PLACE,
            strict=True,
            max_count=1,
            default_count=1,
        )
        words = index_fields(spec, resource, PLACE, identity="1")
        return matches(query.condition, {"_id": "1", "ts": 0, "x": words})

    return found


def test_the_narrative_is_read_without_its_markup(spec):
    found = fields(spec.structures, CONDITION)
    assert found["_text"] == ["dau", "that", "nguc", "trai", "xem"]


def test_content_is_what_else_a_person_reads(spec):
    found = fields(spec.structures, CONDITION)["_content"]
    assert sorted(found) == sorted(
        "tran benh nhan angina pectoris con nguyen thi buoi worse at night extended".split()  # noqa: SIM905 - a line of text
    )


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("_text", "dau", True),
        ("_text", "Đau ngực", True),
        ("_text", '"đau thắt"', True),
        ("_text", "đau lưng", False),
        ("_text", "lưng,ngực", True),
        ("_text", "angina", False),
        ("_content", "angina", True),
        ("_content", "angina trái", True),
        ("_content", "angina buoi NGHT", False),
        ("_content", "hiddennumber", False),
        ("_content", "hidden", False),
        ("_content", "ngh", False),
        ("_content:missing", "false", True),
        ("_text:missing", "true", False),
        ("_filter", '_content eq "angina" and not (_text eq "lưng")', True),
    ],
)
def test_words_that_must_all_occur_select(ask, name, value, found):
    assert ask(CONDITION, name, value) is found


def test_a_resource_without_words_has_none(spec, ask):
    basic = {"resourceType": "Basic", "code": {"coding": [{"code": "x"}]}}
    assert fields(spec.structures, basic) == {}
    assert ask(basic, "_content:missing", "true")


@pytest.mark.parametrize("value", ["(bone OR liver)", "bone AND liver", "NOT bone", "!", '""'])
def test_a_search_language_is_not_guessed_at(ask, value):
    with pytest.raises(Invalid):
        ask(CONDITION, "_content", value)


def test_words_are_bounded(spec, ask):
    long = "x" * 4000
    basic = {"resourceType": "Basic", "code": {"text": f"{long} y"}}
    assert fields(spec.structures, basic)["_content"] == ["x" * LENGTH, "y"]
    assert ask(basic, "_content", long)
    many = {"resourceType": "Basic", "code": {"text": " ".join(map(str, range(5000)))}}
    assert len(fields(spec.structures, many)["_content"]) == MAX_WORDS
    endless = {"resourceType": "Basic", "code": {"text": "z " * MAX_LETTERS + "last"}}
    assert fields(spec.structures, endless)["_content"] == ["z"]


@pytest.mark.parametrize("piece", ["<", '<"', "<a'", '<a b="', "&", "&#"])
def test_no_narrative_is_read_for_long(spec, piece):
    text = {"status": "generated", "div": piece * 200_000}
    assert fields(spec.structures, {"resourceType": "Basic", "text": text, "code": {}}) is not None


def test_without_the_setting_words_are_neither_indexed_nor_asked(spec):
    place = replace(PLACE, text_search=False)
    indexed = index_fields(spec, CONDITION, place, identity="1")
    assert not {"_text", "_content"} & indexed.keys()
    for name in ("_text", "_content:missing"):
        assert not is_searched(Scope(spec, "Condition", place), name)
        assert is_searched(Scope(spec, "Condition", PLACE), name)
    with pytest.raises(Invalid, match="FHIR_TEXT_SEARCH"):
        parse(
            spec,
            "Condition",
            [("_text", "x")],
            place,
            strict=True,
            max_count=1,
            default_count=1,
        )
