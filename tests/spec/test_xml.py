"""JSON to XML and back: what one format says, the other says."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.fhir import decimals, json
from fhir_server.fhir.errors import Invalid
from fhir_server.spec.spec import load
from fhir_server.spec.xml import from_element, from_xml, to_element, to_xml
from tests.spec.plain import plain

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE.parent / "conformance/r4_examples").glob("*.json"))
STRUCTURES = load().structures
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def document(inside, type_="Patient"):
    return f'<{type_} xmlns="http://hl7.org/fhir">{inside}</{type_}>'.encode()


def there_and_back(resource):
    return from_xml(STRUCTURES, to_xml(STRUCTURES, resource))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_official_example_survives_xml(file):
    resource = json.parse_object(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    assert plain(there_and_back(resource)) == plain(resource)


@pytest.mark.parametrize("file", sorted(HERE.glob("xml/*.json")), ids=lambda file: file.stem)
def test_the_two_files_of_a_golden_pair_are_one_resource(file):
    resource, document = json.parse_object(file.read_bytes()), file.with_suffix(".xml")
    assert plain(from_xml(STRUCTURES, document.read_bytes())) == plain(resource)
    assert to_xml(STRUCTURES, resource, pretty=True) == document.read_bytes().rstrip()


def test_indenting_leaves_narratives_as_they_are():
    resource = {
        "resourceType": "Patient",
        "text": {"status": "generated", "div": DIV.format("<p>a<b>b</b></p>")},
    }
    indented = to_xml(STRUCTURES, resource, pretty=True)
    assert b"\n    <div" in indented
    assert from_xml(STRUCTURES, indented) == resource


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1))
def test_any_text_comes_back_to_the_character(text):
    resource = {"resourceType": "Patient", "name": [{"text": text, "given": [text, text]}]}
    assert there_and_back(resource) == resource


@pytest.mark.parametrize(
    "text", ["a\tb", "a\nb", "a\r\nb", "  a ", "<&>\"'", "]]>", "\x85\u2028", "\x7f"]
)
def test_white_space_and_markup_in_a_string_come_back(text):
    resource = {"resourceType": "Patient", "name": [{"text": text}]}
    assert there_and_back(resource) == resource
    assert from_element(STRUCTURES, to_element(STRUCTURES, resource)) == resource


@given(
    st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)
def test_any_decimal_keeps_its_digits(literal):
    value = json.parse(literal.encode())
    resource = {"resourceType": "Observation", "valueQuantity": {"value": value}}
    found = there_and_back(resource)["valueQuantity"]["value"]
    assert type(found) is type(value)
    assert decimals.text(found) == literal


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ufffe", "\uffff"])
def test_a_character_xml_does_not_have_is_named_with_its_place(character):
    resource = {"resourceType": "Patient", "name": [{}, {"given": ["a", f"b{character}"]}]}
    with pytest.raises(Invalid, match=f"U\\+{ord(character):04X}") as failure:
        to_xml(STRUCTURES, resource)
    assert failure.value.issues[0].expression == "Patient.name[1].given[1]"


def test_elements_are_written_in_the_order_of_the_definition():
    resource = {"birthDate": "2020", "name": [{"text": "a"}], "id": "1", "resourceType": "Patient"}
    assert re.findall(rb"<(\w+)", to_xml(STRUCTURES, resource)) == [
        b"Patient", b"id", b"name", b"text", b"birthDate",
    ]  # fmt: skip


def test_a_custom_type_needs_no_code(tmp_path):
    base = "http://hl7.org/fhir/StructureDefinition"
    definition = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/StructureDefinition/Toy",
        "name": "Toy",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Toy",
        "baseDefinition": f"{base}/DomainResource",
        "derivation": "specialization",
        "differential": {
            "element": [
                {"id": "Toy", "path": "Toy", "min": 0, "max": "*"},
                {"path": "Toy.part", "min": 0, "max": "*", "type": [{"code": "BackboneElement"}]},
                {"path": "Toy.part.weight", "min": 0, "max": "1", "type": [{"code": "decimal"}]},
            ]
        },
    }
    (tmp_path / "toy.json").write_bytes(json.dump(definition))
    structures = load([tmp_path]).structures
    body = document('<part><weight value="1.50"/></part><part id="p"/>', "Toy")
    toy = from_xml(structures, body)
    assert json.dump(toy) == b'{"resourceType":"Toy","part":[{"weight":1.50},{"id":"p"}]}'
    assert from_xml(structures, to_xml(structures, toy))["part"][1] == {"id": "p"}


REFUSED = {
    "another namespace": (
        b'<Patient xmlns="urn:hl7-org:v3"/>', "namespace http://hl7.org/fhir", "Patient"),
    "no namespace": (b"<Patient/>", "namespace http://hl7.org/fhir", "Patient"),
    "an unknown type": (document("", "Nonsense"), "no resource type", "Nonsense"),
    "an abstract type": (document("", "DomainResource"), "no resource type", "DomainResource"),
    "an unknown element": (
        document("<name><first/></name>"), "no element 'first'", "Patient.name[0]"),
    "an element of another namespace": (
        document('<active xmlns="" value="true"/>'), "namespace", "Patient"),
    "an unknown attribute": (
        document('<active value="true" x="1"/>'), "no attribute 'x'", "Patient.active"),
    "a schema location": (
        document("").replace(b">", b' xmlns:xsi="urn:xsi" xsi:schemaLocation="a b">', 1),
        "schemaLocation", "Patient"),
    "an id of a resource as attribute": (
        document("").replace(b">", b' id="1">', 1), "no attribute 'id'", "Patient"),
    "an element twice": (
        document('<active value="true"/><active value="true"/>'), "only once", "Patient.active"),
    "an element before its place": (
        document('<birthDate value="2020"/><active value="true"/>'),
        "active must stand before birthDate", "Patient"),
    "a list interrupted": (
        document('<name><given value="a"/><prefix value="b"/><given value="c"/></name>'),
        "given must stand before prefix", "Patient.name[0]"),
    "no value": (
        document('<name><given value="a"/><given/></name>'), "neither", "Patient.name[0].given[1]"),
    "text": (document("<active>true</active>"), "text", "Patient.active"),
    "text after an element": (document('<active value="true"/>true'), "text", "Patient"),
    "no boolean": (document('<active value="yes"/>'), "'yes' is not a valid boolean",
                   "Patient.active"),
    "no integer": (document('<multipleBirthInteger value="01"/>'), "not a valid integer",
                   "Patient.multipleBirth"),
    "a decimal for an integer": (document('<multipleBirthInteger value="1.0"/>'),
                                 "not a valid integer", "Patient.multipleBirth"),
    "space around a number": (document('<multipleBirthInteger value=" 1"/>'),
                              "not a valid integer", "Patient.multipleBirth"),
    "a string for a number": (document('<multipleBirthInteger value="&quot;1&quot;"/>'),
                              "not a valid integer", "Patient.multipleBirth"),
    "two resources in one contained": (
        document("<contained><Patient/><Patient/></contained>"), "one resource",
        "Patient.contained[0]"),
    "an attribute of contained": (
        document('<contained id="1"><Patient/></contained>'), "one resource",
        "Patient.contained[0]"),
    "a narrative of FHIR": (
        document('<text><status value="empty"/><div/></text>'), "no element 'div'",
        "Patient.text"),
    "deeper than JSON": (
        document('<extension url="a">' * 40 + "</extension>" * 40), "deeper",
        "Patient" + ".extension[0]" * 32),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_xml_that_does_not_fit_is_refused_with_its_place(name):
    body, told, place = REFUSED[name]
    with pytest.raises(Invalid, match=re.escape(told)) as failure:
        from_xml(STRUCTURES, body)
    assert failure.value.issues[0].expression == place


def test_a_fault_names_its_line():
    with pytest.raises(Invalid, match=r"\(line 3\)"):
        from_xml(STRUCTURES, document('\n\n<first value="a"/>'))


def test_a_document_type_is_refused():
    with pytest.raises(Invalid, match="DOCTYPE"):
        from_xml(STRUCTURES, b"<!DOCTYPE Patient>" + document(""))


def test_prefixes_comments_and_instructions_change_nothing():
    body = (
        b'<?xml version="1.0"?><!-- a --><f:Patient xmlns:f="http://hl7.org/fhir" '
        b'xmlns:h="http://www.w3.org/1999/xhtml"><?b c?><f:text><f:status value="generated"/>'
        b'<h:div lang="vi"><h:p>x</h:p><h:br/></h:div></f:text></f:Patient>'
    )
    assert from_xml(STRUCTURES, body) == {
        "resourceType": "Patient",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml" lang="vi"><p>x</p><br/></div>',
        },
    }


MISFITS = {
    "an unknown element": ({"nonsense": 1}, "Patient"),
    "an object for a value": ({"active": {}}, "Patient.active"),
    "a value for an object": ({"maritalStatus": 1}, "Patient.maritalStatus"),
    "one for many": ({"name": {}}, "Patient.name"),
    "a broken narrative": ({"text": {"div": "<div><p></div>"}}, "Patient.text.div"),
    "an unknown contained": ({"contained": [{"resourceType": "X"}]}, "Patient.contained[0]"),
    "a null without extension": ({"name": [{"given": [None]}]}, "Patient.name[0].given[0]"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_a_resource_that_is_not_well_made_is_refused_with_its_place(name):
    wrong, place = MISFITS[name]
    with pytest.raises(Invalid) as failure:
        to_xml(STRUCTURES, {"resourceType": "Patient", **wrong})
    assert failure.value.issues[0].expression == place


def test_every_type_is_written_and_read():
    for type_ in load().types:
        assert there_and_back({"resourceType": type_, "id": "a"}) == {
            "resourceType": type_, "id": "a",
        }  # fmt: skip
