"""One hardened XML parser: no DOCTYPE, no entities, no network, bounded depth and text.

https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html
"""

import codecs
import threading
from typing import Any

from lxml import etree

from fhir_server.fhir.errors import Invalid

Element = etree._Element  # noqa: SLF001 - lxml has no public name for the type of its elements

# A tag of four bytes costs some 150 in memory: this bounds a document to about 200 MB.
MAX_TAGS = 2_000_000
# libxml2 looks for each attribute from the first on: 20,000 of one element take seconds.
MAX_ATTRIBUTES = 100

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")


def parse(body: bytes) -> Element:
    """Give the root element of `body`: UTF-8 with or without a BOM, or UTF-16 with one.

    The encoding an XML declaration names is not believed: writers that say utf-16 over UTF-8 bytes
    are common, and every other encoding is refused because its bytes are not UTF-8.
    Raises Invalid for XML that is not well formed, a DOCTYPE or entity declaration, nesting over
    256 levels, one text over 10 million characters, or over MAX_TAGS tags.
    """
    plain = _utf8(body)
    if any(word in plain for word in _FORBIDDEN):
        raise Invalid("The XML has a DOCTYPE or entity declaration; send it without.")
    if plain.count(b"<") > MAX_TAGS:
        raise Invalid(f"The XML has more than {MAX_TAGS} tags.", code="too-costly")
    try:
        return etree.fromstring(plain, _of_thread.parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Invalid(f"The XML is not well formed: {error}", code="structure") from None


def attributes(element: Element) -> dict[str, str]:
    """Give the attributes of an element, names in lxml's notation.

    Raises Invalid for more than MAX_ATTRIBUTES: FHIR's elements have two, those of XHTML a dozen.
    """
    if len(element.attrib) > MAX_ATTRIBUTES:
        told = f"An XML element has more than {MAX_ATTRIBUTES} attributes."
        raise Invalid(told, code="too-costly")
    pairs: Any = element.items()
    found: dict[str, str] = dict(pairs)
    return found


def _utf8(body: bytes) -> bytes:
    if body.startswith(_UTF16):
        try:
            body = body.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise Invalid("The XML has a UTF-16 mark but is not UTF-16; send UTF-8.") from None
    return body.removeprefix(codecs.BOM_UTF8).lstrip()


class _OfThread(threading.local):
    """A parser for each thread: to make one costs more than to parse most documents."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            recover=False,
            remove_comments=True,
            remove_pis=True,
        )


_of_thread = _OfThread()
