"""A certificate, its keys and its evidence for tests, made without a database."""

from functools import partial

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from extensions.judicial_record.proof import jws, log_proof, merkle, signing, status_list
from extensions.judicial_record.proof.canonical import content, digest
from extensions.judicial_record.proof.keyset import keyset
from extensions.judicial_record.proof.signer import public_jwk
from fhir_server.fhir.dates import SECOND, parse_instant
from fhir_server.fhir.json import dump

ISSUER = "Organization/99"
ISSUED = "2026-11-28T10:00:00+07:00"
T0 = parse_instant(ISSUED) // SECOND
PAPER = b"%PDF-1.7 a sample"
LIST = "https://example.org/legal/status/99-0"


class Holding:
    """A signer whose keys are gone with the test."""

    def __init__(self):
        self.private = {}

    def generate(self):
        key = ec.generate_private_key(ec.SECP256R1())
        jwk = public_jwk(key.public_key())
        self.private[jwk["kid"]] = key
        return jwk

    def sign(self, kid, message):
        der = self.private[kid].sign(message, ec.ECDSA(hashes.SHA256()))
        return b"".join(one.to_bytes(32) for one in decode_dss_signature(der))


class World:
    """Keys of an issuer and of the log, and what they sign."""

    def __init__(self):
        self.signer = Holding()
        self.rows = []
        self.key = self.another(ISSUER)
        self.log_key = self.another(log_proof.LOG)

    def another(self, issuer, since=0, until=2**40, **more):
        """Make and publish a key."""
        jwk = self.signer.generate()
        times = {"nbf": since, "exp": until, **more}
        self.rows.append({**jwk, "use": "sig", "alg": "ES256", "issuer": issuer, **times})
        return jws.Key(jwk["kid"], issuer, partial(self.signer.sign, jwk["kid"]))

    @property
    def known(self):
        return keyset({"keys": self.rows})

    def row(self, key):
        return next(row for row in self.rows if row["kid"] == key.kid)

    def certificate(self, key=None, **changed):
        """Give a signed certificate."""
        frozen = body(**changed)
        return frozen | {
            "signature": [signing.sign(frozen, key or self.key).element],
            "status": "issued",
        }

    def status(self, index=7, value=0, **changed):
        """Give a status list signed at T0 with one place that is not valid."""
        lst = status_list.packed(status_list.SIZE, [(index, value)])
        claims = {"sub": LIST, "iat": T0, "exp": T0 + 86400, "ttl": 60}
        claims |= {"status_list": {"bits": 2, "lst": lst}} | changed
        return jws.sign(self.key, status_list.TYP, dump(claims))

    def head(self, leaves, iat=T0):
        """Give the signed head of a log of these leaf hashes."""
        root = merkle.root(len(leaves), nodes(leaves).__getitem__)
        claims = {"iat": iat, "size": len(leaves), "root": jws.encoded(root)}
        return jws.sign(self.log_key, log_proof.TYP, dump(claims))

    def inclusion(self, certificate, others=49, index=20):
        """Give the proof that a certificate is in a log with others."""
        salt, event = b"s" * 32, log_proof.event("issued", content(certificate))
        leaves = [merkle.leaf_hash(bytes([one])) for one in range(others)]
        leaves.insert(index, merkle.leaf_hash(log_proof.entry(salt, event)))
        path = merkle.inclusion(index, len(leaves), nodes(leaves).__getitem__)
        return {
            "head": self.head(leaves),
            "event": event,
            "salt": jws.encoded(salt),
            "index": index,
            "path": [jws.encoded(one) for one in path],
        }


def nodes(leaves):
    """Give every complete subtree of a tree."""
    found = {}
    for size, leaf in enumerate(leaves):
        found.update(merkle.grown(size, leaf, found.__getitem__))
    return found


def body(**changed):
    """Give the frozen body of a Form 2 with one conviction, a sample of nobody."""
    number = {"type": {"coding": [{"code": "certificate-number"}]}, "value": "12/2026/LLTP-99"}
    person = {
        "name": "NGUYỄN VĂN THỬ",
        "gender": "male",
        "birthDate": "1990-02-03",
        "identityDocument": [{"type": {"text": "CCCD"}, "number": "099090000001"}],
        "family": [{"role": "mother", "name": "TRẦN THỊ MẪU", "birthYear": 1960}],
    }
    conviction = {
        "judgmentNumber": "1/2015/HSST",
        "court": {"display": "Toà án thử nghiệm"},
        "principalPenalty": [{"suspended": True, "amount": {"value": 5000000, "currency": "VND"}}],
    }
    verification = {
        "code": "AAAAAAAAAAAAAAAAAAAAAA",
        "statusList": LIST,
        "statusIndex": 7,
        "documentHash": digest(PAPER),
    }
    return {
        "resourceType": "JudicialRecordCertificate",
        "id": "c1",
        "identifier": [number],
        "form": "form-2",
        "subject": {"reference": "Person/1"},
        "subjectSnapshot": person,
        "prohibitionInfoRequested": False,
        "convictionStatus": "present",
        "conviction": [conviction],
        "issuer": {"reference": ISSUER},
        "issued": ISSUED,
        "verification": verification,
        **changed,
    }
