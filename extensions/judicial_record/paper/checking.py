"""Whether a signed PDF is what was signed: every byte, by a known signer, with nothing after it.

Nothing is fetched from a network. The signature covers all but the digits it is written in itself,
of which some have no meaning; these too are covered by the file's hash in the signed certificate.
"""

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from extensions.judicial_record.paper.credentials import pyhanko_form

# What pyhanko has to say of a file quotes the file, which anybody may have written.
for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)

MAX_BYTES = 4_000_000
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class PaperVerdict:
    """What a check of a signed PDF found.

    `reasons` name what is wrong, empty where nothing is: `digest`, `size`, `unreadable`,
    `unsigned`, `changed`, `not-whole` (something stands outside the signature), `untrusted`.
    `signer` is the common name in the certificate, `signed` the time the signer states, µs.
    """

    reasons: tuple[str, ...]
    signer: str = ""
    signed: int | None = None


def checked(
    pdf: bytes, roots: Sequence[x509.Certificate], at: int, digest: bytes | None = None
) -> PaperVerdict:
    """Check a signed PDF against these roots as they were at `at`, µs: when it was issued.

    `digest` is the SHA-256 of the file in the signed certificate. It settles every byte, and where
    it differs nothing else is looked at. Bad input is a verdict, never an error. Runs a loop of its
    own: run it in a thread.
    """
    if len(pdf) > MAX_BYTES:
        return PaperVerdict(("size",))
    if digest is not None and sha256(pdf).digest() != digest:
        return PaperVerdict(("digest",))
    try:
        return _verdict(pdf, roots, at)
    except Exception:  # noqa: BLE001 a broken file fails at any place of the reader, in any way
        return PaperVerdict(("unreadable",))


def _verdict(pdf: bytes, roots: Sequence[x509.Certificate], at: int) -> PaperVerdict:
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    if len(signatures) != 1:
        return PaperVerdict(("unsigned",))
    [signature] = signatures
    context = ValidationContext(
        trust_roots=[pyhanko_form(one) for one in roots],
        moment=datetime.fromtimestamp(at // _SECOND, UTC),
        allow_fetching=False,
    )
    status = validate_pdf_signature(signature, context)
    stated = status.signer_reported_dt
    return PaperVerdict(
        tuple(_reasons(status)),
        str(status.signing_cert.subject.native.get("common_name", "")),
        int(stated.timestamp()) * _SECOND if stated else None,
    )


def _reasons(status: Any) -> Iterator[str]:
    if not (status.intact and status.valid):
        yield "changed"
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE or not status.docmdp_ok:
        yield "not-whole"
    if not status.bottom_line and status.intact and status.valid:
        yield "untrusted"
