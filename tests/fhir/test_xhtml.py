"""Narratives between JSON's string and XML's element."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    "inside", ["", "a", "<p>a<br/></p>", "a&amp;b&#160;c!?", "<p a='1' b=\"2\"/>"]
)
def test_a_usual_narrative_is_plain(inside):
    assert xhtml.is_plain(f"{OPEN}{inside}</div>")
    assert xhtml.is_plain(f"{OPEN[:-1]} class='a'>{inside}</div> ")


@pytest.mark.parametrize(
    "given",
    [
        f"{OPEN}<p></div>",
        f"{OPEN}</div><div/>",
        f"{OPEN}&nbsp;</div>",
        f"{OPEN}<!-- <!ENTITY a 'b'> --></div>",
        f"{OPEN}<?a b?></div>",
        f"{OPEN}<a:b/></div>",
        f"{OPEN}<p xmlns='%'/></div>",
        f"{OPEN}<p xml:id='1'/></div>",
        f"{OPEN}{'<b>' * 300}{'</b>' * 300}</div>",
        f"{OPEN}\x01</div>",
        f"{OPEN}&#1;\uffff</div>",
        "<!DOCTYPE div>" + OPEN + "</div>",
        "<div>a</div>",
        f"<p>{OPEN}</div></p>",
    ],
)
def test_what_is_not_surely_well_formed_is_not_plain(given):
    assert not xhtml.is_plain(given)


PIECES = st.sampled_from(
    ["<p>", "</p>", "<b a='1'", " a='2'", ">", "/>", "<", "</", "</b>", "&", "&amp;", "&#x9;",
     "&#x1;", "&#xffff;", "&#1114112;", "]]>", "<![CDATA[", "<!--", "-->", "--", "<?a", "?>",
     " x:y='1'", "<x:p>", "xmlns", ":", "=", "'", '"', "a", " ", "\n", "\x85", "\xa0", "\u0111",
     "\u0300", "\ufffe", "\x00", "<p xmlns:x='a'>", "<\u0111>", "</\u0111>", "</div>", "<div>",
     OPEN, "<p\xb7>", "<p\u203f/>"]
)  # fmt: skip


@given(st.lists(PIECES | st.characters(), max_size=12))
@settings(max_examples=2000, deadline=None, derandomize=True, database=None)
def test_what_is_plain_is_one_well_formed_div(pieces):
    text = f"{OPEN}{''.join(pieces)}</div>"
    if xhtml.is_plain(text):
        assert xhtml.fragment(text).startswith("<div")
