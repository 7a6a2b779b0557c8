"""Every change of a signed PDF is found: by the signature, and all of them by the file's hash."""

import io
from hashlib import sha256

import pytest
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.general import SigningError

from extensions.judicial_record.paper.checking import MAX_BYTES, checked
from extensions.judicial_record.paper.pades import signed
from extensions.judicial_record.paper.rendering import pdf
from tests.extensions.judicial_record.paper.bodies import URL, form_1
from tests.extensions.judicial_record.paper.signing import AT, credentials

YEAR = 366 * 86_400 * 1_000_000


def flipped(content, position, bits=1):
    changed = bytearray(content)
    changed[position] ^= bits
    return bytes(changed)


def gap(content):
    """Give where the signature stands, which it cannot cover itself."""
    start = content.index(b"/Contents <") + len("/Contents ")
    return range(start, content.index(b">", start) + 1)


def test_the_small_page_is_good(small, authority):
    verdict = checked(small, [authority[1]], AT, sha256(small).digest())
    assert verdict.reasons == ()


@pytest.mark.parametrize("bits", [0x01, 0x20, 0x80])
def test_every_byte_is_covered_by_the_hash_in_the_certificate(small, authority, bits):
    digest = sha256(small).digest()
    passed = [
        at
        for at in range(len(small))
        if checked(flipped(small, at, bits), [authority[1]], AT, digest).reasons != ("digest",)
    ]
    assert passed == []


def test_bytes_here_and_there_are_covered_by_the_signature_alone(small, authority):
    places = {*range(0, len(small), 397), *range(len(small) - 40, len(small))}
    passed = [
        at
        for at in sorted(places - {*gap(small)})
        if not checked(flipped(small, at), [authority[1]], AT).reasons
    ]
    assert passed == []


@pytest.mark.long
def test_every_byte_but_its_own_is_covered_by_the_signature_alone(small, authority):
    own = gap(small)
    passed = [
        at
        for at in range(len(small))
        if at not in own and not checked(flipped(small, at), [authority[1]], AT).reasons
    ]
    assert passed == []


def test_a_byte_put_in_or_taken_out_is_found(small, authority):
    for at in range(0, len(small), 1_499):
        assert checked(small[:at] + small[at + 1 :], [authority[1]], AT).reasons
        assert checked(small[:at] + b" " + small[at:], [authority[1]], AT).reasons


def test_nothing_can_be_added_after_the_signature(small, authority):
    assert checked(small + b"\n", [authority[1]], AT).reasons == ("not-whole",)
    writer = IncrementalPdfFileWriter(io.BytesIO(small))
    writer.root["/Added"] = writer.add_object(writer.root["/Pages"])
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert "not-whole" in checked(out.getvalue(), [authority[1]], AT).reasons


def test_a_second_signature_is_refused(small, authority):
    with pytest.raises(SigningError):
        signed(small, authority[0], AT)


def test_a_signer_nobody_vouches_for_is_untrusted(small):
    assert checked(small, [], AT).reasons == ("untrusted",)
    assert checked(small, [credentials()[1]], AT).reasons == ("untrusted",)


def test_a_certificate_counts_for_its_own_time(small, authority):
    root = [authority[1]]
    assert checked(small, root, AT + 9 * YEAR).reasons == ()
    assert checked(small, root, AT - YEAR).reasons == ("untrusted",)
    assert checked(small, root, AT + 11 * YEAR).reasons == ("untrusted",)


def test_the_signature_of_one_page_does_not_fit_another(authority):
    one, other = (
        signed(pdf(form_1(issued=f"2026-11-28T02:03:0{second}Z"), URL), authority[0], AT)
        for second in (4, 5)
    )
    mine, its = gap(one), gap(other)
    assert len(mine) == len(its)
    swapped = one[: mine.start] + other[its.start : its.stop] + one[mine.stop :]
    assert "changed" in checked(swapped, [authority[1]], AT).reasons


def test_a_page_without_a_signature_is_unsigned(authority):
    assert checked(pdf(form_1(), URL), [authority[1]], AT).reasons == ("unsigned",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "unreadable"),
        (b"%PDF-1.7", "unreadable"),
        (b"\x00" * 1_000, "unreadable"),
        (b"%PDF-1.7\n" + b"[" * 100_000 + b"\nstartxref\n9\n%%EOF", "unreadable"),
        (b"%PDF" + b" " * MAX_BYTES, "size"),
    ],
    ids=["nothing", "head", "zeros", "nested", "huge"],
)
def test_a_file_that_is_no_signed_pdf_is_a_verdict(content, reason, authority):
    assert checked(content, [authority[1]], AT).reasons == (reason,)


def test_what_a_hostile_file_says_is_in_no_log(small, caplog):
    checked(small, [], AT)
    assert caplog.records == []
