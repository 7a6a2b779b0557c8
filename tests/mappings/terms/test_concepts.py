from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from mappings.terms.concepts import coding, concept, narrative, present

LEGAL = st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff")


def test_a_code_has_single_spaces():
    assert coding("s", " 40.1  +  40.2 ")["code"] == "40.1 + 40.2"


def test_a_concept_has_what_there_is():
    assert concept([], "x") == {"text": "x"}
    assert concept([]) == {}


def test_what_is_empty_is_left_out_but_not_zero_or_false():
    assert present(a="", b=None, c=[], d=0, e=False, class_="x") == {
        "d": 0,
        "e": False,
        "class": "x",
    }


@given(st.text(LEGAL))
def test_a_narrative_is_well_formed_whatever_the_text(text):
    found = ET.fromstring(narrative(text)["div"])
    assert found.tag == "{http://www.w3.org/1999/xhtml}div"
