"""What the log proves, checked without the log: heads, inclusion, consistency, all its leaves.

An entry is SHA-256(salt + canonical event). Without the salt, which goes to the holder with the
proof, an entry tells nobody whose certificate it is about. https://www.rfc-editor.org/rfc/rfc9162
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extensions.judicial_record.proof import jws, merkle
from extensions.judicial_record.proof.canonical import canonical, digest
from extensions.judicial_record.proof.keyset import PublicKey, trusted
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.errors import FhirError
from fhir_server.fhir.json import parse_object

TYP = "jrc-log+jwt"
# Whose key signs heads; an issuer is an `Organization/<id>`.
LOG = "log"
_HASH = 32
_INCLUSION = {"event", "head", "index", "path", "salt"}


@dataclass(frozen=True, slots=True)
class Head:
    """The log at `issued`, int seconds: how many leaves, and the hash of their tree."""

    size: int
    root: bytes
    issued: int


def event(kind: str, content: bytes) -> dict[str, str]:
    """Give what the log keeps of an event (`issued`, `revoked`, …) of a certificate.

    `content` are its canonical bytes: another signature over the same is the same event.
    """
    return {"kind": kind, "certificate": digest(content)}


def entry(salt: bytes, of: Mapping[str, Any]) -> bytes:
    """Give the entry of an event."""
    return hashlib.sha256(salt + canonical(dict(of), "event")).digest()


def read_head(token: Any, known: Mapping[str, PublicKey]) -> Head:
    """Give the head a token of the log's key tells. Raises Doubt: log-broken."""
    try:
        key, payload = jws.read(str(token), TYP, known)
        claims = parse_object(payload)
        trusted(key, LOG, claims["iat"])
        size, root = claims["size"], jws.decoded(claims["root"])
    except (Doubt, FhirError, KeyError, TypeError, ValueError):
        raise Doubt("log-broken") from None
    if type(size) is not int or type(claims["iat"]) is not int:
        raise Doubt("log-broken")
    return Head(size, root, claims["iat"])


def check_inclusion(proof: Any, known: Mapping[str, PublicKey], of: Mapping[str, Any]) -> Head:
    """Give the head of the tree in which a proof shows an event.

    Raises Doubt: log-broken, log-of-another.
    """
    if not isinstance(proof, dict) or set(proof) != _INCLUSION:
        raise Doubt("log-broken")
    head, index = read_head(proof["head"], known), proof["index"]
    (salt,), path = _hashes([proof["salt"]]), _hashes(proof["path"])
    if not isinstance(proof["event"], dict) or type(index) is not int:
        raise Doubt("log-broken")
    try:
        leaf = merkle.leaf_hash(entry(salt, proof["event"]))
    except FhirError:
        raise Doubt("log-broken") from None
    if merkle.included(leaf, index, head.size, path) != head.root:
        raise Doubt("log-broken")
    if proof["event"] != of:
        raise Doubt("log-of-another")
    return head


def check_consistency(old: Head, new: Head, path: Any) -> None:
    """Raise Doubt, log-broken, unless the log of a later head begins with that of an earlier."""
    if not merkle.consistent(old.size, new.size, (old.root, new.root), _hashes(path)):
        raise Doubt("log-broken")


def check_leaves(head: Head, leaves: Any) -> None:
    """Raise Doubt, log-broken, unless these leaf hashes are the whole log of a head."""
    nodes: dict[merkle.Node, bytes] = {}
    hashes = _hashes(leaves)
    for size, leaf in enumerate(hashes):
        nodes.update(merkle.grown(size, leaf, nodes.__getitem__))
    if (len(hashes), merkle.root(len(hashes), nodes.__getitem__)) != (head.size, head.root):
        raise Doubt("log-broken")


def _hashes(texts: Any) -> Sequence[bytes]:
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Doubt("log-broken")
    try:
        found = [jws.decoded(text) for text in texts]
    except Doubt:
        raise Doubt("log-broken") from None
    if any(len(one) != _HASH for one in found):
        raise Doubt("log-broken")
    return found
