"""Every byte of one certificate, of its status list and of a log changed: each change shows."""

import pytest

from extensions.judicial_record.proof import jws, log_proof, signing, status_list
from extensions.judicial_record.proof.canonical import canonical
from extensions.judicial_record.proof.checking import Evidence, check
from extensions.judicial_record.proof.merkle import leaf_hash
from extensions.judicial_record.proof.reasons import Doubt
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import FhirError
from fhir_server.fhir.json import dump, parse_object
from tests.extensions.judicial_record.proof.issuing import (
    ISSUER,
    LIST,
    PAPER,
    T0,
    body,
)

# A neighbour, the other case, and what has a meaning of its own in JSON, base64url and JWS.
FEW = (
    *(lambda one, bit=bit: one ^ bit for bit in (1, 0x20)),
    *(lambda _, to=to: to for to in b' "0.'),
)
ALL = tuple(lambda one, bits=bits: one ^ bits for bits in range(1, 256))


def changes(content, ways):
    """Give the content with each byte changed in each way."""
    for at, one in enumerate(content):
        for other in {way(one) for way in ways} - {one}:
            yield at, content[:at] + bytes([other]) + content[at + 1 :]


def undetected(content, ways, good):
    return [at for at, changed in changes(content, ways) if good(changed)]


def certificate_is_whole(world, ways):
    known, status = world.known, world.status()
    content = dump(world.certificate())

    def good(changed):
        return check(changed, known, T0 * SECOND, Evidence(status)).kind == "valid"

    assert good(content)
    assert undetected(content, ways, good) == []


def test_every_byte_of_a_certificate_counts(world):
    certificate_is_whole(world, FEW)


@pytest.mark.long
def test_every_value_of_every_byte_of_a_certificate_counts(world):
    certificate_is_whole(world, ALL)


def test_every_byte_of_the_jws_counts(world):
    known, content = world.known, canonical(body())
    made = signing.sign(body(), world.key).jws.encode()

    def good(changed):
        try:
            return jws.read(changed.decode("latin-1"), signing.TYP, known, content)
        except Doubt:
            return None

    assert good(made)
    assert undetected(made, FEW, good) == []


def test_a_byte_left_out_or_put_in_counts_too(world):
    known, content = world.known, dump(world.certificate())
    evidence = Evidence(world.status())
    for at in range(0, len(content), 3):
        for changed in (content[:at] + content[at + 1 :], content[:at] + b"0" + content[at:]):
            assert check(changed, known, T0 * SECOND, evidence).kind != "valid"


def test_every_byte_of_a_status_list_counts(world):
    known, status = world.known, world.status(7, 1).encode()

    def good(changed):
        try:
            return status_list.read(changed.decode("latin-1"), known, ISSUER, LIST, 7)
        except Doubt:
            return None

    assert good(status).status == status_list.REVOKED
    assert undetected(status, FEW, good) == []


def test_every_byte_of_a_log_of_50_leaves_counts(world):
    known = world.known
    leaves = [leaf_hash(bytes([one])) for one in range(50)]
    texts = [jws.encoded(one) for one in leaves]
    content = dump({"head": world.head(leaves), "leaves": texts})

    def good(changed):
        try:
            log = parse_object(changed)
            head = log_proof.read_head(log.get("head"), known)
            log_proof.check_leaves(head, log.get("leaves"))
        except (Doubt, FhirError):
            return False
        return True

    assert good(content)
    assert undetected(content, FEW[:1], good) == []
    for changed in (texts[1:], texts[:-1], [texts[1], texts[0], *texts[2:]], [*texts, texts[0]]):
        assert not good(dump({"head": world.head(leaves), "leaves": changed}))


def test_every_byte_of_a_proof_from_the_log_counts(world):
    known, certificate = world.known, world.certificate()
    proof, event = (
        dump(world.inclusion(certificate)),
        log_proof.event("issued", canonical(body())),
    )

    def good(changed):
        try:
            return log_proof.check_inclusion(parse_object(changed), known, event)
        except (Doubt, FhirError):
            return None

    assert good(proof)
    assert undetected(proof, FEW, good) == []


def test_every_byte_of_the_paper_counts(world):
    known, certificate, status = world.known, world.certificate(), world.status()

    def good(paper):
        found = check(certificate, known, T0 * SECOND, Evidence(status, paper))
        return found.kind == "valid"

    assert good(PAPER)
    assert undetected(PAPER, FEW, good) == []
