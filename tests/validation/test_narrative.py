"""Narrative: what its XHTML may have, https://hl7.org/fhir/R4/narrative.html#xhtml."""

import pytest

from tests.validation.base import patient, told


def narrative(inner):
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
    return patient(text={"status": "generated", "div": div})


@pytest.mark.parametrize(
    "inner",
    [
        "x",
        "<p>Nguyễn &lt;An&gt;</p>",
        '<table class="grid" border="1"><tr><td colspan="2">1 &gt; 0</td></tr></table>',
        '<p style="color: red">x</p>',
        '<a href="#there">x</a><a name="there">y</a>',
        '<a href="http://example.org/a?b=c&amp;d">x</a>',
        '<a href="mailto:a@example.org">x</a>',
        '<img src="data:image/png;base64,AAAA" alt="x"/>',
        "<!-- <script>in a comment</script> --><b>x</b>",
        "<p title='>'>x</p>",
    ],
)
def test_what_narratives_are_made_of_is_taken(inner):
    assert told(narrative(inner)) == []


@pytest.mark.parametrize(
    "inner",
    [
        "<script>x</script>",
        "<style>p {color: red}</style>x",
        '<p onclick="x()">x</p>',
        "<p OnMouseOver='x()'>x</p>",
        '<img src="x.png" onerror="x()"/>',
        '<form action="/x"><input name="a"/></form>',
        '<iframe src="http://example.org"/>x',
        '<object data="x"/>x',
        '<svg xmlns="http://www.w3.org/2000/svg"/>x',
        '<math xmlns="http://www.w3.org/1998/Math/MathML"/>x',
        '<link rel="stylesheet" href="http://example.org/x.css"/>x',
        '<a href="javascript:x()">x</a>',
        '<a href=" java&#10;script:x()">x</a>',
        '<a href="data:text/html;base64,AAAA">x</a>',
        '<img src="data:text/html,x" alt="x"/>x',
        '<p style="width: expression(x())">x</p>',
        '<p style="-moz-binding: url(x)">x</p>',
        "<body>x</body>",
        "<blink>x</blink>",
    ],
)
def test_what_could_be_active_or_is_no_text_is_refused_at_the_div(inner):
    [(place, code, sentence)] = told(narrative(inner))
    assert (place, code) == ("Patient.text.div", "invariant")
    assert sentence.startswith("txt-1")


@pytest.mark.parametrize("inner", ["", "  \n ", "<p>  </p>", "<br/>"])
def test_a_narrative_that_says_nothing_is_refused(inner):
    [(place, _, sentence)] = told(narrative(inner))
    assert place == "Patient.text.div"
    assert sentence.startswith("txt-2")


def test_a_picture_says_something():
    assert told(narrative('<img src="a.png" alt="x"/>')) == []


@pytest.mark.parametrize(
    "div",
    [
        "<div><p></div>",
        "<div/><div/>",
        "<div>\uffff</div>",
        "<div",
        "<div>&bogus;</div>",
        "<div><a href='&#1;javascript:x()'>x</a></div>",
        '<div xmlns="http://example.org">x</div>',
        "<div>" * 10_000,
    ],
)
def test_what_is_not_one_well_formed_div_is_refused(div):
    [(place, code, sentence)] = told(patient(text={"status": "generated", "div": div}))
    assert (place, code) == ("Patient.text.div", "value")
    assert "well-formed" in sentence
