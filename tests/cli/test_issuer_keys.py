"""`fhir-server certificate keys`, `rotate`, `compromised`, `page-certificate`."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fhir_server.store.clock import wall
from tests.cli.test_office import certificate as command

certificate = command
ISSUER = "issuer-99"
NOW = datetime.fromtimestamp(wall() // 1_000_000, UTC)


def test_a_key_is_made_listed_changed_and_given_up(certificate):
    for _ in range(2):
        done = certificate("rotate", ISSUER)
        assert done.exit_code == 0, done.stderr
    rows = certificate("keys").stdout.splitlines()
    assert [row.split()[1] for row in rows] == [f"Organization/{ISSUER}"] * 2
    kid = rows[0].split()[0]
    since = "2026-11-28T10:00:00+07:00"
    assert certificate("compromised", kid, "--since", since).exit_code == 0
    assert "not trusted since 2026-11-28T03:00:00" in certificate("keys").stdout
    assert certificate("compromised", "-none", "--since", since).exit_code == 1
    assert certificate("compromised", kid, "--since", "yesterday").exit_code == 2


def test_an_issuer_that_is_none_is_an_error_that_names_those_there_are(certificate):
    done = certificate("rotate", "other")
    assert done.exit_code == 1
    assert "there are: issuer-99" in done.stderr


def signed(key, name, issuer, by):
    """Give a certificate of a key, signed by another."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    made = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
    return made.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("wrong", ["", "another key", "order", "no chain"])
def test_a_certificate_of_a_key_of_the_signer_signs_the_pages(certificate, tmp_path, wrong):
    certificate("rotate", ISSUER)
    kid = certificate("keys").stdout.split()[0]
    folder = tmp_path / "legal"
    key = serialization.load_pem_private_key(
        (folder / "signing" / f"{kid}.pem").read_bytes(), (folder / "passphrase").read_bytes()
    )
    authority = ec.generate_private_key(ec.SECP256R1())
    key = authority if wrong == "another key" else key
    parts = [signed(key, "Pages", "CA", authority), signed(authority, "CA", "CA", authority)]
    parts = {"order": parts[::-1], "no chain": [b"none"]}.get(wrong, parts)
    (tmp_path / "chain.pem").write_bytes(b"".join(parts))
    done = certificate("page-certificate", ISSUER, tmp_path / "chain.pem")
    assert done.exit_code == (1 if wrong else 0), done.output
    assert len(done.output.splitlines()) == 1
