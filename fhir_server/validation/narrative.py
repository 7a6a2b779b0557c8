"""Narrative: the elements and attributes its XHTML may have, and that it says something.

https://hl7.org/fhir/R4/narrative.html#xhtml
"""

import re
from functools import lru_cache
from typing import Any

from fhir_server.fhir import xhtml
from fhir_server.fhir.errors import Invalid
from fhir_server.validation.findings import Findings, Visit, error


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Chapters 7 to 11 (but 9.4) and 15 of HTML 4.0, without what is deprecated there.
_ELEMENTS = _names(
    "div span h1 h2 h3 h4 h5 h6 address bdo em strong dfn code samp kbd var cite abbr acronym "
    "blockquote q sub sup p br pre ul ol li dl dt dd table caption thead tfoot tbody colgroup col "
    "tr th td a img map area tt i b big small hr"
)
_EVERYWHERE = _names("id class style title lang xml:lang dir xmlns")
_TABLE = _names("align valign char charoff")
_CELL = _TABLE | _names("abbr axis headers scope rowspan colspan width height nowrap bgcolor")
_COLUMN = _TABLE | {"span", "width"}
_ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": _names("href name target rel rev accesskey tabindex hreflang type"),
    "img": _names("src alt longdesc height width usemap ismap border align name"),
    "area": _names("shape coords href nohref alt tabindex accesskey"),
    "map": frozenset({"name"}),
    "blockquote": frozenset({"cite"}),
    "q": frozenset({"cite"}),
    "table": _names("summary width border frame rules cellspacing cellpadding align bgcolor"),
    **dict.fromkeys(("thead", "tbody", "tfoot", "tr"), _TABLE | {"bgcolor"}),
    **dict.fromkeys(("th", "td"), _CELL),
    **dict.fromkeys(("col", "colgroup"), _COLUMN),
    **dict.fromkeys(("ul", "ol"), frozenset({"type", "start", "compact"})),
    "li": frozenset({"type", "value"}),
    "dl": frozenset({"compact"}),
    "hr": frozenset({"align", "noshade", "size", "width"}),
    "pre": frozenset({"width", "xml:space"}),
    "br": frozenset({"clear"}),
    **dict.fromkeys(
        ("p", "div", "caption", "h1", "h2", "h3", "h4", "h5", "h6"), frozenset({"align"})
    ),
}
_TAG = re.compile(r"""<(/?)([^\s/>!?]+)((?:\s+[^\s=<>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>""")
_ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_IGNORED = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)
_SAID = re.compile(r">\s*[^\s<]|<img[\s/>]").search
# https://hl7.org/fhir/R4/narrative.html: "there is no support for HTML entities".
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]*;")
_LINKS = ("href", "src", "cite", "longdesc", "usemap")
_SCHEMES = ("http", "https", "mailto", "tel", "ftp", "urn", "data", "cid")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):").match
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\xa0]|&#(?:x0*[0-9a-f]{1,2}|0*[0-9]{1,2});", re.IGNORECASE)
_ACTIVE_STYLE = re.compile(
    r"expression\s*\(|javascript\s*:|@import|behaviou?r\s*:|-moz-binding", re.IGNORECASE
)


def rule(value: Any, _visit: Visit) -> Findings | None:
    """Look at a Narrative that has the structure of one."""
    if "div" not in value:
        return None
    if fault := _malformed(value["div"]):
        return error("value", fault, ".div")
    text = _without_ignored(value["div"])
    for name, attributes in set(_tags(text)):
        if told := _refused(name, attributes):
            return error("invariant", f"txt-1: {told}", ".div")
    if entity := _ENTITY.search(text):
        told = f"XML knows no {entity[0][:20]}: write the character itself"
        return error("structure", told, ".div")
    if not _SAID(text):
        return error("invariant", "txt-2: the narrative says nothing", ".div")
    return None


def _malformed(div: str) -> str:
    if xhtml.is_plain(div):
        return ""
    try:
        xhtml.fragment(div)
    except Invalid as fault:
        return f"the narrative is not one well-formed div of XHTML: {fault}"
    return ""


def _without_ignored(text: str) -> str:
    return _IGNORED.sub("", text) if "<!" in text or "<?" in text else text


def _tags(text: str) -> list[tuple[str, str]]:
    return [(name, attributes) for closing, name, attributes in _TAG.findall(text) if not closing]


# Most tags of a narrative are written alike again and again.
@lru_cache(maxsize=4096)
def _refused(name: str, attributes: str) -> str:
    """Tell what is wrong with a start tag; '' if nothing."""
    if name not in _ELEMENTS:
        return f"the element {name[:40]!r} may not be in a narrative"
    known = _ATTRIBUTES.get(name, frozenset())
    for attribute, double, single in _ATTRIBUTE.findall(attributes):
        if attribute not in _EVERYWHERE and attribute not in known:
            return f"the attribute {attribute[:40]!r} may not be on {name}"
        if told := _active(attribute, double or single):
            return told
    return ""


def _active(attribute: str, value: str) -> str:
    if attribute == "style" and _ACTIVE_STYLE.search(value):
        return "a style may not be active"
    if attribute in _LINKS:
        bare = _CONTROLS.sub("", value)
        scheme = _SCHEME(bare)
        if scheme and not _harmless(attribute, scheme[1].lower(), bare):
            return f"{attribute} may not lead to {scheme[1][:20]}:"
    return ""


def _harmless(attribute: str, scheme: str, value: str) -> bool:
    if scheme == "data":
        return attribute == "src" and value[5:].lower().startswith("image/")
    return scheme in _SCHEMES
