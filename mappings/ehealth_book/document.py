"""The document Bundle of a page, its stored resources spliced in byte for byte.

https://hl7.org/fhir/R4/documents.html
"""

from collections.abc import Sequence
from typing import Any

from fhir_server.fhir import json
from mappings.ehealth_book.composition import composition
from mappings.ehealth_book.page import Page
from mappings.terms.identifiers import HL7_VIETNAM, Systems


def document(
    page: Page,
    *,
    identities: tuple[str, str],
    base_url: str,
    date: str,
    systems: Systems = HL7_VIETNAM,
) -> bytes:
    """Serialise the page; `identities` are the new ids of the Bundle and of its Composition."""
    bundle, lead = identities
    head: dict[str, Any] = {
        "resourceType": "Bundle",
        "id": bundle,
        "meta": {"lastUpdated": date},
        "identifier": {"system": systems.sid("so-skdt"), "value": bundle},
        "type": "document",
        "timestamp": date,
        "link": _links(page),
    }
    profile = systems.profile("vn-composition-health-book")
    first = composition(page, identity=lead, base_url=base_url, date=date, profile=profile)
    entries = [_entry(f"{base_url}/Composition/{lead}", json.dump(first))]
    entries += [_entry(f"{base_url}/{leaf.reference}", leaf.body) for leaf in page.leaves()]
    return _spliced(head, entries)


def _links(page: Page) -> list[dict[str, str]]:
    links = [{"relation": "self", "url": page.here}]
    if page.older:
        links.append({"relation": "next", "url": page.older})
    return links


def _spliced(head: dict[str, Any], entries: Sequence[bytes]) -> bytes:
    return json.dump(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def _entry(url: str, body: bytes) -> bytes:
    return b'{"fullUrl":%b,"resource":%b}' % (json.dump(url), body)
