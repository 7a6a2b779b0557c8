"""What the national mappings add to the engine: search parameters, and operations by hand."""

from pathlib import Path

import profiles
from fhir_server.plugin import Plugin
from mappings.ehealth_book import operation as ehealth_book
from mappings.submission import operation as submit_document
from mappings.terms.identifiers import HL7_VIETNAM, Systems


def plugin(identifier_base: str) -> Plugin:
    """Give the mappings of a server whose identifier systems and codes are under this address."""
    systems = Systems(identifier_base.rstrip("/") + "/")
    operations = (submit_document.operation(systems), ehealth_book.operation(systems))
    return Plugin(
        name="mappings",
        definitions=(Path(profiles.__path__[0]) / "vn",),
        operations=operations,
        addresses={HL7_VIETNAM.base: systems.base},
    )
