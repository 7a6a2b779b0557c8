"""Somebody who signs in tests, and whom to trust for it."""

from datetime import UTC, datetime, timedelta

from asn1crypto.keys import PrivateKeyInfo
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

from extensions.judicial_record.paper.credentials import (
    Credentials,
    pyhanko_form,
    testing_authority,
)

AT = int(datetime(2026, 11, 28, 2, 3, 4, tzinfo=UTC).timestamp()) * 1_000_000
BODY = "Công an thử nghiệm 99"


def credentials():
    """Give credentials of a new key, and the root its certificate hangs from."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate, root = testing_authority(BODY, key.public_key(), AT)

    def sign(data):
        pair = decode_dss_signature(
            key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        )
        return b"".join(one.to_bytes(32) for one in pair)

    return Credentials(certificate, (), sign), root


def timestamper():
    """Give a time-stamping service in this process, and the root to trust for it."""
    key = rsa.generate_private_key(65537, 2048)  # pyhanko's service knows no other
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Dấu thời gian thử nghiệm")])
    when = datetime.fromtimestamp(AT // 1_000_000, UTC)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(when)
        .not_valid_after(when + timedelta(days=30))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    encoded = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    service = DummyTimeStamper(
        pyhanko_form(certificate),
        PrivateKeyInfo.load(encoded),
        fixed_dt=when + timedelta(minutes=1),
    )
    return service, certificate
