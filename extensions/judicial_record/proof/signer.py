"""Where private keys live: encrypted files of this machine, or a device behind PKCS#11.

Nothing else of the program ever sees a private key. https://www.rfc-editor.org/rfc/rfc5208,
https://docs.oasis-open.org/pkcs11/pkcs11-spec/v3.1/pkcs11-spec-v3.1.html
"""

import hashlib
import importlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

_HALF = 32
_CURVE = "secp256r1"
# A thumbprint of RFC 7638: what is no such thing is never part of a path.
_KID = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Signer(Protocol):
    """Makes P-256 keys and signs with them; a key is known by the thumbprint of its public part."""

    def generate(self) -> dict[str, Any]:
        """Make a key; give its public JWK, with its thumbprint as `kid`."""
        ...

    def sign(self, kid: str, message: bytes) -> bytes:
        """Sign with ECDSA over SHA-256; give r and s, 32 bytes each. KeyError: no such key here."""
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    """Keys in a folder, a PEM file each, encrypted with one passphrase.

    `passphrase` gives it; it is asked once for each key a process uses. The same message gets the
    same signature: https://www.rfc-editor.org/rfc/rfc6979
    """

    folder: Path
    passphrase: Callable[[], bytes]
    _known: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)

    def generate(self) -> dict[str, Any]:
        """Make a key and keep it in a file only its owner can read."""
        private = ec.generate_private_key(ec.SECP256R1())
        public = public_jwk(private.public_key())
        content = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self.passphrase()),
        )
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole or not at all: a key that is published has its file.
        handle, name = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._file(public["kid"]))
        return public

    def sign(self, kid: str, message: bytes) -> bytes:
        """Sign with the key of a file."""
        der = self._private(kid).sign(
            message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        )
        return b"".join(one.to_bytes(_HALF) for one in decode_dss_signature(der))

    def _private(self, kid: str) -> ec.EllipticCurvePrivateKey:
        if kid not in self._known:
            try:
                content = self._file(kid).read_bytes()
            except FileNotFoundError:
                raise KeyError("This signer does not hold the key.") from None
            private = serialization.load_pem_private_key(content, self.passphrase())
            if not isinstance(private, ec.EllipticCurvePrivateKey):
                raise KeyError("The file holds a key of another kind.")
            self._known[kid] = private
        return self._known[kid]

    def _file(self, kid: str) -> Path:
        if not _KID.fullmatch(kid):
            raise KeyError("A key is named by its thumbprint.")
        return self.folder / f"{kid}.pem"


@dataclass(frozen=True, slots=True)
class Pkcs11Signer:
    """Keys in a token: `library` is the path of its PKCS#11 module, `pin` gives the user's PIN.

    Needs the library python-pkcs11. A private key is made in the token and cannot be read from it.
    """

    library: str
    token: str
    pin: Callable[[], str]

    def generate(self) -> dict[str, Any]:
        """Make a key pair in the token, labelled with its thumbprint."""
        pkcs11 = importlib.import_module("pkcs11")
        curve = importlib.import_module("pkcs11.util.ec").encode_named_curve_parameters(_CURVE)
        with self._session(write=True) as session:
            parameters = session.create_domain_parameters(
                pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
            )
            public, private = parameters.generate_keypair(store=True)
            # EC_POINT is the point of X9.62 in a DER OCTET STRING: a tag, a length, the point.
            point = ec.EllipticCurvePublicKey.from_encoded_point(
                ec.SECP256R1(), public[pkcs11.Attribute.EC_POINT][2:]
            )
            jwk = public_jwk(point)
            public[pkcs11.Attribute.LABEL] = private[pkcs11.Attribute.LABEL] = jwk["kid"]
        return jwk

    def sign(self, kid: str, message: bytes) -> bytes:
        """Let the token sign the message's SHA-256."""
        pkcs11 = importlib.import_module("pkcs11")
        with self._session() as session:
            try:
                key = session.get_key(pkcs11.ObjectClass.PRIVATE_KEY, label=kid)
            except pkcs11.NoSuchKey:
                raise KeyError("The token does not hold the key.") from None
            made: bytes = key.sign(
                hashlib.sha256(message).digest(), mechanism=pkcs11.Mechanism.ECDSA
            )
        return made

    def _session(self, *, write: bool = False) -> Any:
        library = importlib.import_module("pkcs11").lib(self.library)
        return library.get_token(token_label=self.token).open(user_pin=self.pin(), rw=write)


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    """Give a public key as a JWK whose `kid` is its thumbprint: RFC 7638."""
    jwk = ECKey.import_key(
        key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return {**jwk.as_dict(private=False), "kid": jwk.thumbprint()}
