"""XML Patch: RFC 5261 on resources, its errors under the standard's names."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.patch.apply import read_patch
from tests.patch.written import patient

XHTML = "http://www.w3.org/1999/xhtml"
RESOURCE = patient(
    id="p",
    text={"status": "generated", "div": f'<div xmlns="{XHTML}">a <b>bold</b> text</div>'},
    active=True,
    name=[
        {"use": "official", "family": "An", "given": ["Thị", "Ba"]},
        {"use": "usual", "given": ["Ba"]},
    ],
    birthDate="1990-02-28",
)


@pytest.fixture
def patched(spec):
    """Give the function that applies directives to a resource."""

    def applied(directives, resource=RESOURCE, root="diff"):
        head = f'<{root} xmlns:f="http://hl7.org/fhir" xmlns:h="{XHTML}">'
        body = f"{head}{directives}</{root}>".encode()
        return read_patch(spec, "application/xml-patch+xml", body, None).apply(resource)

    return applied


# Directive → what differs afterwards.
CASES = [
    ("", {}),
    (
        '<replace sel="f:Patient/f:birthDate/@value">2000-01-01</replace>',
        {"birthDate": "2000-01-01"},
    ),
    ('<replace sel="/Patient/active/@value">false</replace>', {"active": False}),
    ('<replace sel="*/active"><active value="false"/></replace>', {"active": False}),
    (
        '<replace sel="Patient/active"><f:active value="false"/></replace>',
        {"active": False},
    ),
    ('<remove sel="Patient/active"/>', {"active": None}),
    ('<remove sel="Patient/active" ws="after"/>', {"active": None}),
    ('<remove sel="Patient/name[2]"/>', {"name": RESOURCE["name"][:1]}),
    (
        "<remove sel=\"Patient/name[use/@value='official']\"/>",
        {"name": RESOURCE["name"][1:]},
    ),
    (
        '<remove sel="Patient/name[use/@value=&quot;official&quot;][1]"/>',
        {"name": RESOURCE["name"][1:]},
    ),
    (
        "<replace sel=\"Patient/name[1]/given[@value='Ba']/@value\">Bốn</replace>",
        {"name": [{**RESOURCE["name"][0], "given": ["Thị", "Bốn"]}, RESOURCE["name"][1]]},
    ),
    (
        '<remove sel="Patient/name[2]/use"/><remove sel="Patient/name[2]/given"/>',
        {"name": RESOURCE["name"][:1]},
    ),
    (
        '<add sel="Patient/name[2]"><given value="Tư"/></add>',
        {"name": [RESOURCE["name"][0], {"use": "usual", "given": ["Ba", "Tư"]}]},
    ),
    (
        '<add sel="Patient/name[2]/given" pos="before"><family value="Lê"/></add>',
        {"name": [RESOURCE["name"][0], {"use": "usual", "family": "Lê", "given": ["Ba"]}]},
    ),
    (
        """<add sel="Patient/name[2]" pos="after">
             <name><text value="x"/></name>
             <telecom><value value="1"/></telecom>
           </add>""",
        {"name": [*RESOURCE["name"], {"text": "x"}], "telecom": [{"value": "1"}]},
    ),
    (
        '<add sel="Patient/name[2]" pos="prepend"><extension url="u"/></add>',
        {"name": [RESOURCE["name"][0], {"extension": [{"url": "u"}], **RESOURCE["name"][1]}]},
    ),
    ('<add sel="Patient/birthDate" type="@id">b</add>', {"_birthDate": {"id": "b"}}),
    (
        '<replace sel="Patient/text/h:div/h:b/text()">strong</replace>',
        {"text": {"status": "generated", "div": RESOURCE["text"]["div"].replace("bold", "strong")}},
    ),
    (
        '<replace sel="Patient/text/h:div/text()[2]"> end</replace>',
        {"text": {"status": "generated", "div": RESOURCE["text"]["div"].replace(" text", " end")}},
    ),
    (
        '<remove sel="Patient/text/h:div/h:b"/>',
        {"text": {"status": "generated", "div": f'<div xmlns="{XHTML}">a  text</div>'}},
    ),
    (
        '<add sel="Patient/text/h:div/h:b" pos="after">, <h:i>too</h:i>,</add>',
        {
            "text": {
                "status": "generated",
                "div": f'<div xmlns="{XHTML}">a <b>bold</b>, <i>too</i>, text</div>',
            }
        },
    ),
    (
        '<add sel="Patient/text/h:div" pos="prepend">So: </add>',
        {"text": {"status": "generated", "div": RESOURCE["text"]["div"].replace("a <", "So: a <")}},
    ),
]


@pytest.mark.parametrize(("directives", "changes"), CASES)
def test_a_directive_does_what_the_standard_says(patched, directives, changes):
    before = json.dump(RESOURCE)
    expected = {**RESOURCE, **changes}
    found = patched(directives)
    assert found == {name: value for name, value in expected.items() if value is not None}
    assert json.dump(RESOURCE) == before


def test_the_root_may_be_the_patch_element_of_rfc_7351(spec):
    body = b'<p:patch xmlns:p="urn:ietf:rfc:7351"><p:remove sel="Patient/active"/></p:patch>'
    patch = read_patch(spec, "application/xml-patch+xml", body, None)
    assert "active" not in patch.apply(RESOURCE)
    assert "active" not in patch.apply(RESOURCE)


def test_a_decimal_keeps_its_digits(patched):
    observation = json.parse(
        b'{"resourceType":"Observation","status":"final","valueQuantity":{"value":1.50}}'
    )
    found = patched(
        '<replace sel="Observation/status/@value">amended</replace>', resource=observation
    )
    assert b'"value":1.50' in json.dump(found)


@pytest.mark.parametrize(
    ("directive", "name"),
    [
        ("<merge/>", "invalid-patch-directive"),
        ("<remove/>", "invalid-attribute-value"),
        ('<remove sel=""/>', "invalid-attribute-value"),
        ('<remove sel="/"/>', "invalid-attribute-value"),
        ('<remove sel="//name"/>', "invalid-attribute-value"),
        ('<remove sel="Patient//name"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/name/.."/>', "invalid-attribute-value"),
        ('<remove sel="Patient/name[0]"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/name[last()]"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/name[position() = 1]"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/name[use/@value=official]"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/ancestor::*"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/descendant::name"/>', "invalid-attribute-value"),
        ('<remove sel="Patient | Patient/name"/>', "invalid-attribute-value"),
        ("<remove sel=\"document('http://x')/a\"/>", "invalid-attribute-value"),
        ('<remove sel="Patient/@value/x"/>', "invalid-attribute-value"),
        ("<remove sel=\"Patientx('a')\"/>", "invalid-attribute-value"),
        (f'<remove sel="{"a/" * 600}a"/>', "invalid-attribute-value"),
        ('<remove sel="x:Patient/name"/>', "invalid-namespace-prefix"),
        ("<remove sel=\"id('p')\"/>", "unsupported-id-function"),
        ('<remove sel="Patient/namespace::x"/>', "invalid-patch-directive"),
        ('<add sel="Patient" type="namespace::x">urn:x</add>', "invalid-patch-directive"),
        ('<add sel="Patient" type="user">x</add>', "invalid-attribute-value"),
        ('<add sel="Patient" type="@">x</add>', "invalid-attribute-value"),
        ('<add sel="Patient" pos="under"/>', "invalid-attribute-value"),
        ('<add sel="Patient" type="@id" pos="after">x</add>', "invalid-attribute-value"),
        ('<remove sel="Patient/active" ws="all"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/active" pos="after"/>', "invalid-attribute-value"),
        ('<remove sel="Patient/comment()[1]"/>', "unlocated-node"),
    ],
)
def test_what_is_no_directive_is_refused_with_its_place(patched, directive, name):
    with pytest.raises(Invalid) as refused:
        patched(f'<remove sel="Patient/active"/>{directive}')
    (issue,) = refused.value.issues
    assert issue.expression == "[1]"
    assert name in issue.diagnostics


@pytest.mark.parametrize(
    ("directive", "name"),
    [
        ('<remove sel="Patient/gender"/>', "unlocated-node"),
        ('<remove sel="Patient/name"/>', "unlocated-node"),
        ('<remove sel="Observation/name"/>', "unlocated-node"),
        ('<remove sel="Patient/name[3]"/>', "unlocated-node"),
        ('<remove sel="Patient/name/@id"/>', "unlocated-node"),
        ('<remove sel="Patient/text/div"/>', "unlocated-node"),
        ('<remove sel="Patient/text/h:div/text()"/>', "unlocated-node"),
        ("<remove sel=\"Patient/name[use='official']\"/>", "unlocated-node"),
        ('<remove sel="Patient"/>', "invalid-root-element-operation"),
        ('<add sel="Patient" pos="after"><Patient/></add>', "invalid-root-element-operation"),
        ('<add sel="Patient/birthDate/@value">x</add>', "invalid-node-types"),
        ('<add sel="Patient/birthDate" type="@value">x</add>', "invalid-patch-directive"),
        ('<add sel="Patient/birthDate" type="@id"><x/></add>', "invalid-node-types"),
        ('<replace sel="Patient/birthDate">x</replace>', "invalid-node-types"),
        ('<replace sel="Patient/birthDate"><a/><b/></replace>', "invalid-node-types"),
        ('<replace sel="Patient/birthDate/@value"><a/></replace>', "invalid-node-types"),
        ('<remove sel="Patient/birthDate">x</remove>', "invalid-node-types"),
    ],
)
def test_what_does_not_fit_names_the_directive(patched, directive, name):
    with pytest.raises(Unprocessable) as refused:
        patched(f'<remove sel="Patient/active"/>{directive}')
    (issue,) = refused.value.issues
    assert issue.expression == "[1]"
    assert name in issue.diagnostics


@pytest.mark.parametrize(
    "directive",
    [
        '<add sel="Patient"><active value="true"/></add>',
        '<add sel="Patient"><nickname value="x"/></add>',
        '<add sel="Patient">text</add>',
        '<add sel="Patient/birthDate" type="@user">x</add>',
        '<replace sel="Patient/active/@value">maybe</replace>',
        '<replace sel="Patient/active/@value"/>',
        '<replace sel="Patient/active"><active>true</active></replace>',
        '<replace sel="Patient"><Nobody/></replace>',
        '<replace sel="Patient"><Observation/></replace>',
        '<replace sel="Patient/id/@value">q</replace>',
    ],
)
def test_what_comes_out_must_be_the_same_resource_in_fhir_xml(patched, directive):
    with pytest.raises(Unprocessable):
        patched(directive)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<diff>",
        b"<changes/>",
        b'<!DOCTYPE diff [<!ENTITY x "y">]><diff>&x;</diff>',
        b"<diff>" + b'<remove sel="a"/>' * 1001 + b"</diff>",
    ],
)
def test_what_is_no_patch_document_is_refused(spec, body):
    with pytest.raises(Invalid):
        read_patch(spec, "application/xml-patch+xml", body, None)
