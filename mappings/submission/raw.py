"""The file as it came: a Binary named by its SHA-256, and the DocumentReference that points at it.

https://hl7.org/fhir/R4/documentreference.html
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec import structs

from fhir_server.interactions.context import Context
from fhir_server.interactions.write import change
from fhir_server.store.documents import Change
from fhir_server.store.transact import Transaction


@dataclass(frozen=True)
class RawFile:
    """`facility` is MACSKCB, `created` NGAYLAP as yyyymmdd, `profile` what references claim."""

    body: bytes
    facility: str
    created: str
    profile: str

    @cached_property
    def sha256(self) -> str:
        """The file's SHA-256 in hexadecimal: 64 characters, the length of a FHIR id."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def creation(self) -> str:
        """NGAYLAP as a FHIR date."""
        return f"{self.created[:4]}-{self.created[4:6]}-{self.created[6:8]}"

    def binary(self) -> dict[str, Any]:
        """Give the Binary resource."""
        return {
            "resourceType": "Binary",
            "contentType": "application/xml",
            "data": base64.b64encode(self.body).decode("ascii"),
        }

    def reference(self) -> dict[str, Any]:
        """Give what every DocumentReference of this file has, but its subject and context."""
        digest = hashlib.sha256(self.body).digest()
        name = base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
        # R4 fixes attachment.hash to SHA-1; the SHA-256 is the document's name (RFC 6920).
        sha1 = hashlib.sha1(self.body, usedforsecurity=False).digest()
        return {
            "resourceType": "DocumentReference",
            "meta": {"profile": [self.profile]},
            "masterIdentifier": {
                "system": "urn:ietf:rfc:3986",
                "value": f"ni:///sha-256;{name}",
            },
            "status": "current",
            "type": {"text": "Decision 4750 envelope"},
            "content": [
                {
                    "attachment": {
                        "contentType": "application/xml",
                        "url": f"Binary/{self.sha256}",
                        "size": len(self.body),
                        "hash": base64.b64encode(sha1).decode("ascii"),
                        "creation": self.creation,
                    }
                }
            ],
        }


async def binary_changes(
    context: Context, transaction: Transaction, raw: RawFile
) -> Sequence[Change]:
    """Give the Change that keeps the file; none where the same bytes are kept already."""
    if await transaction.read("Binary", raw.sha256) is not None:
        return ()
    binary, owner = raw.binary(), raw.facility
    new = change(context, "Binary", raw.sha256, binary, method="create", owner=owner)
    return (structs.replace(new, unheard=True),)
