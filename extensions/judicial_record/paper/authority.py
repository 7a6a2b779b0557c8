"""The X.509 certificates of the issuers' pages, kept with the key each is of.

For trying out each issuer gets one of a test authority; elsewhere nothing is signed until a
real one is put there.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey

from extensions.judicial_record.office import Issuer
from extensions.judicial_record.paper.credentials import Credentials, testing_authority
from extensions.judicial_record.proof.signer import Signer, public_jwk
from fhir_server.fhir.errors import Unavailable
from fhir_server.store.records import Record, Records

KINDS: Mapping[str, Sequence[str]] = {"page_certificates": ()}


def put(records: Records, signer: Signer, issuer: str, pem: bytes, at: int) -> None:
    """Let an issuer sign its pages by the first certificate of a chain; its key is the signer's.

    `at` in µs. Raises ValueError, with what to do, for a chain that cannot be used.
    """
    leaf, *chain = x509.load_pem_x509_certificates(pem)
    for one, above in pairwise([leaf, *chain]):
        try:
            one.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            told = "Each certificate has to be signed by the one behind it: put them in order."
            raise ValueError(told) from None
    now = datetime.fromtimestamp(at // 1_000_000, UTC)
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        raise ValueError("The first certificate is not valid now.")
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise ValueError("The first certificate is not of a P-256 key.")
    kid = public_jwk(key)["kid"]
    try:
        signer.sign(kid, b"")
    except KeyError:
        raise ValueError(f"The signer has no key {kid}, of which the certificate is.") from None
    pems = [one.public_bytes(Encoding.PEM) for one in (leaf, *chain)]
    row = {"kid": kid, "chain": pems, "testing": False}
    if not records.insert("page_certificates", {"_id": issuer, **row}):
        records.change("page_certificates", {"_id": issuer}, row)


def credentials(
    records: Records,
    signer: Signer,
    issuers: Mapping[str, Issuer],
    clock: Callable[[], int],
    *,
    sample: bool,
) -> Callable[[str], Credentials]:
    """Give what gives an issuer's credentials: `Organization/1` → who signs its pages.

    That raises Unavailable for one without a certificate or with one of a test authority, unless
    `sample`: one is made then.
    """

    def of(issuer: str) -> Credentials:
        row = records.get("page_certificates", issuer)
        if not sample and (row is None or row.get("testing")):
            raise Unavailable(
                f"{issuer} has no certificate to sign its pages by. An administrator puts it there:"
                " `fhir-server certificate page-certificate`."
            )
        row = row or _made(issuer)
        leaf, *chain = map(x509.load_pem_x509_certificate, row["chain"])
        return Credentials(leaf, chain, partial(signer.sign, row["kid"]))

    def _made(issuer: str) -> Record:
        public = signer.generate()
        key = ECKey.import_key({name: public[name] for name in ("kty", "crv", "x", "y")}).public_key
        assert isinstance(key, ec.EllipticCurvePublicKey)
        name = issuers[issuer.removeprefix("Organization/")].name
        chain = [one.public_bytes(Encoding.PEM) for one in testing_authority(name, key, clock())]
        made = {"_id": issuer, "kid": public["kid"], "chain": chain, "testing": True}
        records.insert("page_certificates", made)
        row = records.get("page_certificates", issuer)
        assert row is not None, "a certificate is never removed"
        return row

    return of
