"""Narrative: the XHTML `div` as the string JSON carries and as the element XML carries.

https://hl7.org/fhir/R4/narrative.html
"""

import re
from html.entities import name2codepoint
from typing import Any

# Asked only of what starts with an element: nothing can be declared in it.
from xml.parsers import expat

from lxml import etree

from fhir_server.fhir import xml
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.xml import Element

XHTML = "http://www.w3.org/1999/xhtml"
DIV = f"{{{XHTML}}}div"
_NAMESPACES: Any = {None: XHTML}

_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_KNOWS = ("amp", "lt", "gt", "quot", "apos")
_EMPTY = etree.XPath("descendant-or-self::*[not(node())]")
# Elements without an end tag in HTML.
_VOID = frozenset(f"{{{XHTML}}}{name}" for name in ("area", "br", "col", "hr", "img"))

_OPENING = f'<div xmlns="{XHTML}"'
# libxml2 takes 256 levels, of two tags each; so many need some length.
_SHORT, _LONGEST, _MOST_TAGS = 1_500, 50_000, 500


def is_plain(text: str) -> bool:
    """Say whether this is surely one well-formed div; a no only says that `fragment` has to look.

    Nothing is declared in it, no comment and no instruction: what is left two parsers read alike.
    """
    if not text.startswith(_OPENING) or text.rfind("xml") != len("<div "):
        return False
    # One character is found ten times as fast as two.
    if ("!" in text and "<!" in text) or ("?" in text and "<?" in text):
        return False
    if len(text) > _SHORT and (len(text) > _LONGEST or text.count("<") > _MOST_TAGS):
        return False
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text, True)
    except (expat.ExpatError, UnicodeEncodeError):
        return False
    return True


def fragment(text: str) -> str:
    """Give the `div` of a JSON narrative as XML, HTML's named entities as characters.

    A div without a namespace is taken as XHTML. Raises Invalid if it is not one well-formed div.
    """
    root = _parsed(text.lstrip())
    if root.tag == "div":
        root = _parsed(f'<div xmlns="{XHTML}"{text.lstrip().removeprefix("<div")}')
    if root.tag != DIV:
        raise Invalid("A narrative is one div in the namespace of XHTML.", code="structure")
    return str(etree.tostring(root, encoding="unicode"))


def text_of(div: Element) -> str:
    """Give the string JSON carries for this `div`: no prefixes, no declarations from outside.

    Empty elements get an end tag, in the tree too, so that a browser reads the string alike.
    """
    bare = div if div.nsmap == _NAMESPACES else _bare(div)
    empty: Any = _EMPTY(bare)
    for node in empty:
        node.text = "" if node.tag not in _VOID else None
    return str(etree.tostring(bare, encoding="unicode", with_tail=False))


def _parsed(text: str) -> Element:
    try:
        return xml.parse(text.encode())
    except Invalid:
        without = _NAMED.sub(_character, text)
        if without == text:
            raise
        return xml.parse(without.encode())


def _character(named: re.Match[str]) -> str:
    name = named[1]
    known = name not in _XML_KNOWS and name in name2codepoint
    return f"&#{name2codepoint[name]};" if known else named[0]


def _bare(node: Element) -> Element:
    copy = etree.Element(node.tag, xml.attributes(node), nsmap=_NAMESPACES)
    copy.text = node.text
    for child in node:
        inner = _bare(child)
        inner.tail = child.tail
        copy.append(inner)
    return copy
