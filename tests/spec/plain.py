"""A resource as values that can be compared, whichever format it was read from."""

from msgspec import Raw

from fhir_server.fhir import xhtml
from fhir_server.fhir import xml as parser
from fhir_server.fhir.errors import Invalid


def plain(value):
    """Give the value with each decimal as its literal and each narrative in one spelling."""
    match value:
        case dict():
            return {name: plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case Raw():
            return ("decimal", bytes(value))
        case str() if value.startswith("<div"):
            try:
                return xhtml.text_of(parser.parse(xhtml.fragment(value).encode()))
            except Invalid:
                return value
        case _:
            return value
