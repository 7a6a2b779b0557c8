"""Narratives between JSON's string and XML's element."""

import pytest

from fhir_server.fhir import xhtml, xml
from fhir_server.fhir.errors import Invalid

OPEN = '<div xmlns="http://www.w3.org/1999/xhtml">'


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (f"{OPEN}a</div>", f"{OPEN}a</div>"),
        ("<div>a</div>", f"{OPEN}a</div>"),
        ('\n<div class="x">a</div>\n', f'{OPEN[:-1]} class="x">a</div>'),
        (f"{OPEN}a&nbsp;b&amp;c&eacute;</div>", f"{OPEN}a\u00a0b&amp;c\u00e9</div>"),
        (f"{OPEN}a &#60; b</div>", f"{OPEN}a &lt; b</div>"),
        (f"{OPEN}<!-- a --><b>c</b></div>", f"{OPEN}<b>c</b></div>"),
    ],
)
def test_the_string_of_json_becomes_one_element(given, written):
    assert xhtml.fragment(given) == written


@pytest.mark.parametrize(
    "given",
    [
        "",
        "text",
        "<p/>",
        "<div><p></div>",
        "<div/><div/>",
        "<div>&unknown;</div>",
        '<div xmlns="http://example.org"/>',
        '<!DOCTYPE div [<!ENTITY a SYSTEM "file:///etc/passwd">]><div>&a;</div>',
        "<div>" * 300 + "</div>" * 300,
        "<div>\x00</div>",
    ],
)
def test_what_is_not_one_well_formed_div_is_refused(given):
    with pytest.raises(Invalid):
        xhtml.fragment(given)


def test_an_empty_element_keeps_its_end_tag_unless_html_has_none():
    div = xml.parse(f"{OPEN}<a id='b'/><br/><p>c</p></div>".encode())
    assert xhtml.text_of(div) == f'{OPEN}<a id="b"></a><br/><p>c</p></div>'


def test_what_stands_after_the_element_stays_outside():
    body = xml.parse(f'<text xmlns:x="urn:x">{OPEN}a</div> tail</text>'.encode())
    assert xhtml.text_of(body[0]) == f"{OPEN}a</div>"
