"""Private keys in encrypted files and behind PKCS#11: both sign what the public part verifies."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from extensions.judicial_record.proof import jws
from extensions.judicial_record.proof.keyset import keyset
from extensions.judicial_record.proof.signer import FileSigner, Pkcs11Signer

LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")


def signs(signer):
    """Make a key, sign with it, and read what it signed with its public part alone."""
    jwk = signer.generate()
    row = {**jwk, "use": "sig", "issuer": "x", "nbf": 0, "exp": 1}
    key = jws.Key(jwk["kid"], "x", lambda message: signer.sign(jwk["kid"], message))
    _, payload = jws.read(jws.sign(key, "t", b"content"), "t", keyset({"keys": [row]}))
    return payload == b"content"


def test_a_file_signs_and_signs_again_after_a_restart(tmp_path):
    signer = FileSigner(tmp_path / "keys", lambda: b"a passphrase")
    assert signs(signer)
    (file,) = (tmp_path / "keys").iterdir()
    again = FileSigner(tmp_path / "keys", lambda: b"a passphrase")
    assert again.sign(file.stem, b"message") == signer.sign(file.stem, b"message")
    assert file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_is_of_no_use_without_its_passphrase(tmp_path):
    kid = FileSigner(tmp_path, lambda: b"one").generate()["kid"]
    with pytest.raises(ValueError, match="password"):
        FileSigner(tmp_path, lambda: b"other").sign(kid, b"message")


@pytest.mark.parametrize("kid", ["../a", "a", "", "/etc/passwd", "x" * 43, "é" * 43])
def test_a_key_that_is_not_held_signs_nothing(tmp_path, kid):
    with pytest.raises(KeyError):
        FileSigner(tmp_path, lambda: b"x").sign(kid, b"message")


def test_a_token_signs_what_its_public_key_verifies(tmp_path, monkeypatch):
    library = next((one for one in LIBRARIES if Path(one).exists()), None)
    if not (shutil.which("softhsm2-util") and library and importlib.util.find_spec("pkcs11")):
        pytest.skip("needs softhsm2-util and the library python-pkcs11")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "conf"))
    made = ("--init-token", "--free", "--label", "legal", "--pin", "1234", "--so-pin", "1234")
    subprocess.run(["softhsm2-util", *made], check=True, env=os.environ)
    signer = Pkcs11Signer(library, "legal", lambda: "1234")
    assert signs(signer)
    with pytest.raises(KeyError):
        signer.sign("x" * 43, b"message")
