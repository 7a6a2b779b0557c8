"""From the code in a QR to the certificate, and whether five fields are those of its holder.

The code is 128 bits of a keyed digest. What is kept for it are keyed digests: of the code, and of
the five fields as they are read aloud. So a check costs the same whether or not there is such a
code.
"""

import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from extensions.judicial_record.verifying.gate import Gate, Json
from fhir_server.interactions.context import Context

KIND = "verification_codes"
# 16 bytes in base64url, without padding: https://www.rfc-editor.org/rfc/rfc4648#section-5
CODE = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
FIELDS: Final = ("dossier", "name", "birthDate", "gender", "identity")
_NOBODY = "0" * 43


@dataclass(frozen=True, slots=True)
class Found:
    """`certificate` is an id, "" where there is none; `agrees`: the fields are its holder's."""

    certificate: str
    agrees: bool


def register(gate: Gate, certificate: Json) -> None:
    """Keep what the code of a certificate leads to; may be repeated, and changes nothing then."""
    row = {
        "_id": gate.blind("verification-code", certificate["verification"]["code"]),
        "certificate": certificate["id"],
        "digests": [_digest(gate, fields) for fields in printed(certificate)],
    }
    gate.office.records.insert(KIND, row)


async def find(gate: Gate, context: Context, code: str, fields: Mapping[str, str]) -> Found:
    """Give what a code leads to; of any code at the same cost."""
    asked = _digest(gate, fields)
    row = await context.store.records.get(KIND, gate.blind("verification-code", code))
    digests = row["digests"] if row else [_NOBODY]
    agreeing = [hmac.compare_digest(asked.encode(), one.encode()) for one in digests]
    return Found(row["certificate"] if row else "", any(agreeing) and row is not None)


def certificate_id(gate: Gate, code: str) -> str:
    """Give the id of the certificate with this code, "" where there is none."""
    row = gate.office.records.get(KIND, gate.blind("verification-code", code))
    return str(row["certificate"]) if row else ""


def printed(certificate: Json) -> Iterator[dict[str, str]]:
    """Give the five fields as the certificate has them, once for each paper of identity."""
    snapshot = certificate["subjectSnapshot"]
    for paper in snapshot["identityDocument"]:
        yield {
            "dossier": _number(certificate, "dossier-code"),
            "name": snapshot["name"],
            "birthDate": snapshot["birthDate"],
            "gender": snapshot["gender"],
            "identity": paper["number"],
        }


def folded(text: str) -> str:
    """Give a text as it is compared: composed, of one case, one space between words."""
    plain = unicodedata.normalize("NFC", text).casefold()
    return " ".join(unicodedata.normalize("NFC", plain).split())


def _digest(gate: Gate, fields: Mapping[str, str]) -> str:
    parts = [folded(fields[name]) for name in FIELDS]
    # A number is written with and without spaces.
    parts[-1] = parts[-1].replace(" ", "")
    return gate.blind("verification-fields", "\n".join(parts))


def _number(certificate: Json, type_: str) -> str:
    for one in certificate.get("identifier", ()):
        codes = [coding.get("code") for coding in one.get("type", {}).get("coding", ())]
        if type_ in codes:
            return str(one.get("value", ""))
    return ""
