import pytest

from fhir_server.fhir import xml
from fhir_server.fhir.errors import Invalid

BOMB = b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
FILE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


@pytest.mark.parametrize(
    "body",
    [
        "<a>Bưởi</a>".encode(),
        "\ufeff<a>Bưởi</a>".encode(),
        '\n<?xml version="1.0" encoding="utf-8"?><a>Bưởi</a>'.encode(),
        '<?xml version="1.0" encoding="utf-16"?><a>Bưởi</a>'.encode(),
        '<?xml version="1.0" encoding="utf-16"?><a>Bưởi</a>'.encode("utf-16"),
    ],
    ids=["plain", "mark", "space before", "mislabelled", "UTF-16"],
)
def test_utf_8_is_read_with_and_without_a_mark(body):
    assert xml.parse(body).text == "Bưởi"


@pytest.mark.parametrize("body", [BOMB, FILE, "\ufeff<!DOCTYPE a><a/>".encode("utf-16")])
def test_document_types_and_entities_are_refused(body):
    with pytest.raises(Invalid, match="DOCTYPE"):
        xml.parse(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b"<a>\x00</a>",
        b"<a>\xff</a>",
        b"<a>&b;</a>",
        "<a>Bưởi</a>".encode("cp1258", "replace"),
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_what_is_not_well_formed_utf_8_is_refused(body):
    with pytest.raises(Invalid, match="not well formed"):
        xml.parse(body)


def test_more_tags_than_memory_should_hold_are_refused(monkeypatch):
    monkeypatch.setattr(xml, "MAX_TAGS", 10)
    with pytest.raises(Invalid, match="more than 10 tags"):
        xml.parse(b"<a>" + b"<b/>" * 10 + b"</a>")


def test_comments_and_instructions_are_left_out():
    assert len(xml.parse(b"<a><!-- b --><?c d?></a>")) == 0


def test_more_attributes_than_an_element_has_are_not_looked_at_one_by_one():
    many = " ".join(f'a{number}="1"' for number in range(101))
    with pytest.raises(Invalid, match="more than 100 attributes"):
        xml.attributes(xml.parse(f"<a {many}/>".encode()))
    assert len(xml.attributes(xml.parse(f"<a {many[:-8]}/>".encode()))) == 100
