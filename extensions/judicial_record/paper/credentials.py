"""Who signs a page: an X.509 certificate, its chain, and a function that signs bytes.

The function is the only plug: a key in a file, and a key in a token that never leaves it, look the
same from here. Official-duty certificates are under rules of their own; ours come of a test CA.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import x509 as asn1  # type: ignore[import-untyped] # it has none
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

_NAME = 64  # https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1: ub-common-name
_TEN_YEARS = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class Credentials:
    """`sign` gives ES256 of bytes as r || s, 64 bytes, as JOSE has it; P-256 keys only.

    https://www.rfc-editor.org/rfc/rfc7518#section-3.4
    """

    certificate: x509.Certificate
    chain: Sequence[x509.Certificate]
    sign: Callable[[bytes], bytes]


def testing_authority(
    organisation: str, key: ec.EllipticCurvePublicKey, at: int
) -> tuple[x509.Certificate, x509.Certificate]:
    """Give a certificate for a body's key and the root it hangs from, both for ten years from `at`.

    `at` in µs. For trying out: nobody trusts this root but who is given it. Its key is forgotten,
    so nothing else will ever hang from it.
    """
    start = datetime.fromtimestamp(at // 1_000_000, UTC)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = _name("CA thử nghiệm - không có giá trị pháp lý")
    root = _builder(root_name, root_name, root_key.public_key(), start, signs=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    leaf = _builder(_name(organisation), root_name, key, start, signs=True).add_extension(
        identifier, critical=False
    )
    return leaf.sign(root_key, hashes.SHA256()), root.sign(root_key, hashes.SHA256())


def pyhanko_form(certificate: x509.Certificate) -> asn1.Certificate:
    """Give a certificate as pyhanko takes it."""
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))


def _name(text: str) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")
    return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, text[:_NAME])])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    start: datetime,
    *,
    signs: bool,
) -> x509.CertificateBuilder:
    """Build the certificate of one that signs pages, or of one that signs certificates.

    https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1
    """
    constraints = x509.BasicConstraints(ca=not signs, path_length=None if signs else 0)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _TEN_YEARS)
        .add_extension(constraints, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(_usage(signs=signs), critical=True)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )
