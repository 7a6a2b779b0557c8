"""Newline-delimited JSON: a resource a line, taken out of a Bundle as the bytes it stands there.

https://hl7.org/fhir/uv/bulkdata/export.html and https://www.rfc-editor.org/rfc/rfc8288
"""

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder

from fhir_server.fhir.bundle import Link


class _Link(Struct):
    relation: str
    url: str


class _Entry(Struct):
    resource: Raw | UnsetType = UNSET


class _Bundle(Struct):
    entry: list[_Entry] = []
    link: list[_Link] = []


_decoder = Decoder(_Bundle)


def of_bundle(body: bytes) -> tuple[bytes, list[Link]]:
    """Give the resources of a Bundle of ours, a line each, and its links as (relation, url)."""
    found = _decoder.decode(body)
    resources = [bytes(one.resource) for one in found.entry if isinstance(one.resource, Raw)]
    return b"".join(one + b"\n" for one in resources), [
        (one.relation, one.url) for one in found.link
    ]
