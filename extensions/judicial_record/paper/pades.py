"""The signature in the PDF: PAdES baseline B-B, or B-T where a time-stamping service is given.

ETSI EN 319 142-1: https://www.etsi.org/deliver/etsi_en/319100_319199/31914201/
"""

import io
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.generic import ByteStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from extensions.judicial_record.office import ZONE
from extensions.judicial_record.paper.credentials import Credentials, pyhanko_form
from extensions.judicial_record.paper.rendering import compiled

FIELD = "ChuKySo"
_STAMP = Path(__file__).parent / "stamp.typ"
_BOX = (358, 38, 538, 78)  # of the last page, in points from its lower left corner
_IDENTITY = 16  # bytes
_LONGEST = 72  # bytes of an ECDSA signature on P-256 in DER


def signed(
    pdf: bytes,
    credentials: Credentials,
    at: int,
    timestamper: timestamps.TimeStamper | None = None,
) -> bytes:
    """Give the PDF with a certifying signature that lets nothing be added after it.

    `at` is the signing time, µs. For the same page, time and signature the file is the same, unless
    there is a time stamp: who issues again after a crash makes no second one. No network is used
    but by a timestamper. It takes some 30 ms and runs a loop of its own: run it in a thread.
    """
    when = datetime.fromtimestamp(at // 1_000_000, UTC)
    signer = _Timed(
        signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        ),
        _Plug(credentials),
        timestamper=timestamper,
        stamp_style=_style(credentials.certificate, when),
        new_field_spec=fields.SigFieldSpec(
            FIELD, on_page=-1, box=_BOX, readable_field_name="Chữ ký số"
        ),
    )
    signer.at = when
    out: io.BytesIO = signer.sign_pdf(_Revision(pdf))
    return out.getvalue()


def _style(certificate: x509.Certificate, when: datetime) -> StaticStampStyle:
    """Give the visible stamp: a page of its own, so that its letters are embedded as PDF/A asks."""
    [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    stamp = {"name": name.value, "at": f"{when.astimezone(ZONE):%d/%m/%Y %H:%M:%S %z}"}
    return StaticStampStyle(
        background=_Page(compiled(_STAMP, {"stamp": stamp}, when)), border_width=0
    )


class _Revision(IncrementalPdfFileWriter):
    """What is appended to a page; nothing of it comes of the machine's clock or of chance."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__(io.BytesIO(pdf))
        self._document_id[1] = ByteStringObject(sha256(pdf).digest()[:_IDENTITY])

    def _update_meta(self) -> None:
        """Leave the title and the dates as they are: pyhanko would write its own time."""


class _Page(PdfContent):
    """The first page of a PDF, as large as the stamp."""

    def __init__(self, pdf: bytes) -> None:
        left, bottom, right, top = _BOX
        super().__init__(box=BoxConstraints(width=right - left, height=top - bottom))
        self._pdf = PdfFileReader(io.BytesIO(pdf))

    def render(self) -> bytes:
        """Bring the page into the file being written; give the command that paints it."""
        self.resources.xobject["/Stamp"] = self._ensure_writer.import_page_as_xobject(self._pdf)
        return b"/Stamp Do"


class _Timed(signers.PdfSigner):
    """A PdfSigner that takes the time it is told instead of the machine's."""

    at: datetime

    def init_signing_session(self, *args: Any, **more: Any) -> Any:
        session = super().init_signing_session(*args, **more)
        session.system_time = self.at
        return session


class _Plug(signers.Signer):
    """What pyhanko signs with: our function of bytes."""

    def __init__(self, credentials: Credentials) -> None:
        """Hold the certificates; no root: who checks has it, or must not trust it."""
        chain = SimpleCertificateStore()  # type: ignore[no-untyped-call] # nor has this
        chain.register_multiple(map(pyhanko_form, credentials.chain))
        certificate = pyhanko_form(credentials.certificate)
        super().__init__(signing_cert=certificate, cert_registry=chain, embed_roots=False)
        self._sign = credentials.sign

    async def async_sign_raw(
        self,
        data: bytes,
        digest_algorithm: str,  # noqa: ARG002 credentials know but SHA-256
        dry_run: bool = False,  # noqa: FBT001,FBT002 pyhanko's own
    ) -> bytes:
        """Give the signature in DER; of a dry run as many bytes as it may have."""
        if dry_run:
            return bytes(_LONGEST)
        raw = self._sign(data)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
