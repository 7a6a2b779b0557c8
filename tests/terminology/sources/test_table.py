"""A code system in a CSV."""

import zipfile

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.store.concepts import Concept, Designation
from fhir_server.terminology.sources import table

TEXT = """code;display;display:vi;parent;inactive;legs
animal;Animal;Động vật;;;
cat; Cat ;Mèo;animal;;4
griffin;"Griffin; a fable";;bird | cat;TRUE;
"""


def file(tmp_path, text=TEXT):
    path = tmp_path / "animals.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_columns_become_texts_properties_and_edges(tmp_path):
    source = table.source(file(tmp_path), "http://example.org/a", "1")
    cat = Concept("cat", "Cat", (Designation("Mèo", "vi"),), (("legs", "4"),))
    _, second, third = source.concepts()
    assert second == cat
    assert third == Concept("griffin", "Griffin; a fable", inactive=True)
    assert list(source.edges()) == [("cat", "animal"), ("griffin", "bird"), ("griffin", "cat")]
    assert source.properties == {"legs": "string"}


def test_a_file_inside_a_zip_is_read_as_it_is(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("read me.txt", "x")
        archive.writestr("folder/a.csv", TEXT)
    found = table.source(tmp_path / "a.zip", "http://example.org/a", "1").concepts()
    assert [one.code for one in found] == ["animal", "cat", "griffin"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it has none"),
        ("kode,display\n1,2\n", "it has kode, display"),
        ("code,display\n1,2\n3,4,5\n", "Line 3 of animals.csv has more cells"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path, text, told):
    with pytest.raises(Invalid, match=told):
        list(table.source(file(tmp_path, text), "http://example.org/a", "1").concepts())


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"code,display\n1,2\n\xff,\xfe\n")
    with pytest.raises(Invalid, match="cannot be read"):
        list(table.source(path, "http://example.org/a", "1").concepts())
