"""What the national mappings add to the engine: search parameters, and operations by hand."""

from pathlib import Path
from typing import Any

import profiles
from fhir_server.fhir import json
from fhir_server.plugin import Plugin
from mappings.ehealth_book import operation as ehealth_book
from mappings.quality import operation as data_quality
from mappings.quality.field_profile import profiles_in
from mappings.submission import operation as submit_document
from mappings.terms.identifiers import HL7_VIETNAM, Systems

_VN = Path(profiles.__path__[0]) / "vn"


def plugin(identifier_base: str, fields: Path | None = None) -> Plugin:
    """Give the mappings of a server whose identifier systems and codes are under this address.

    `fields` is the folder of the field profiles visits are judged by, where not those that came
    along. ProfileError for one that cannot be used.
    """
    systems = Systems(identifier_base.rstrip("/") + "/")
    judged = profiles_in(fields or _VN / "quality")
    operations = (
        submit_document.operation(systems, judged),
        ehealth_book.operation(systems),
        data_quality.operation(systems, judged),
    )
    return Plugin(
        name="mappings",
        definitions=(_VN,),
        operations=operations,
        addresses={HL7_VIETNAM.base: systems.base},
        sensitive=_sensitive(systems),
    )


def _sensitive(systems: Systems) -> list[dict[str, Any]]:
    """Give the rows of which codes are sensitive, under the addresses of this server."""
    text = (_VN / "sensitivity" / "labels.json").read_bytes()
    found: list[dict[str, Any]] = json.parse(
        text.replace(HL7_VIETNAM.base.encode(), systems.base.encode())
    )
    return found
