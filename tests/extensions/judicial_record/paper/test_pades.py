"""The signature in the PDF: who, when, over everything, with nothing allowed after it."""

import io
from dataclasses import replace
from datetime import UTC, datetime

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from extensions.judicial_record.paper.checking import checked
from extensions.judicial_record.paper.pades import FIELD, signed
from extensions.judicial_record.paper.rendering import pdf
from tests.extensions.judicial_record.paper.bodies import CONVICTION, URL, form_1, form_2
from tests.extensions.judicial_record.paper.pages import texts
from tests.extensions.judicial_record.paper.signing import AT, BODY, timestamper


def test_a_signed_page_is_good_and_says_who_and_when(authority):
    credentials, root = authority
    verdict = checked(signed(pdf(form_1(), URL), credentials, AT), [root], AT)
    assert verdict.reasons == ()
    assert (verdict.signer, verdict.signed) == (BODY, AT)


def test_the_signature_is_pades_and_lets_nothing_be_added(authority):
    page = signed(pdf(form_1(), URL), authority[0], AT)
    [signature] = PdfFileReader(io.BytesIO(page)).embedded_signatures
    assert signature.field_name == FIELD
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.docmdp_level == MDPPerm.NO_CHANGES
    assert signature.self_reported_timestamp == datetime.fromtimestamp(AT // 1_000_000, UTC)
    kinds = {one["type"].native for one in signature.signer_info["signed_attrs"]}
    assert {"content_type", "message_digest", "signing_certificate_v2"} <= kinds
    assert "signing_time" not in kinds


def test_signing_again_makes_the_same_file(authority):
    page = pdf(form_1(), URL)
    first = signed(page, authority[0], AT)
    assert signed(page, authority[0], AT) == first
    assert b"ModDate" not in first[len(page) :]
    assert signed(page, authority[0], AT + 1_000_000) != first


def test_signing_changes_no_byte_of_the_page(authority):
    page = pdf(form_2(*[CONVICTION] * 4), URL)
    done = signed(page, authority[0], AT)
    assert done.startswith(page)
    assert texts(done) == texts(page)


def test_the_stamp_is_at_the_foot_of_the_last_page(authority):
    page = pdf(form_2(*[CONVICTION] * 4), URL)
    reader = PdfFileReader(io.BytesIO(signed(page, authority[0], AT)))
    pages = int(reader.root["/Pages"]["/Count"])
    with_stamp = [
        number
        for number in range(pages)
        if "/Annots" in reader.find_page_for_modification(number)[0].get_object()
    ]
    assert with_stamp == [pages - 1]


def test_the_stamp_has_its_letters_with_it(authority):
    page = signed(pdf(form_1(), URL), authority[0], AT)
    reader = PdfFileReader(io.BytesIO(page))
    look = reader.embedded_signatures[0].sig_field["/AP"]["/N"].get_object()
    painted = look["/Resources"]["/XObject"]["/Stamp"].get_object()
    fonts = painted["/Resources"]["/Font"]
    assert fonts
    for font in fonts.values():
        descendant = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile3" in descendant["/FontDescriptor"].get_object()


def test_the_key_is_asked_for_sha_256_of_the_attributes_once(authority):
    credentials, root = authority
    asked = []

    def sign(data):
        asked.append(data)
        return credentials.sign(data)

    done = signed(pdf(form_1(), URL), replace(credentials, sign=sign), AT)
    assert len(asked) == 1
    assert checked(done, [root], AT).reasons == ()


def test_with_a_time_stamping_service_the_time_is_somebody_elses(authority):
    credentials, root = authority
    service, clock = timestamper()
    page = signed(pdf(form_1(), URL), credentials, AT, service)
    assert checked(page, [root, clock], AT).reasons == ()
    [signature] = PdfFileReader(io.BytesIO(page)).embedded_signatures
    [stamp] = signature.signer_info["unsigned_attrs"]
    assert stamp["type"].native == "signature_time_stamp_token"
    told = stamp["values"][0]["content"]["encap_content_info"]["content"].parsed
    assert told["gen_time"].native == datetime.fromtimestamp(AT // 1_000_000 + 60, UTC)
    assert "untrusted" in checked(page, [root], AT).reasons
