"""Canonical bytes: RFC 8785, and what FHIR forbids to write that way."""

import unicodedata

import pytest

from extensions.judicial_record.proof.canonical import canonical, signed_part
from fhir_server.fhir.errors import Unprocessable
from fhir_server.fhir.json import parse
from tests.extensions.judicial_record.proof.issuing import body


def test_members_are_sorted_by_their_utf_16_units():
    # https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3; the Hebrew letter in NFC.
    names = ["\u20ac", "\r", "1", "\U0001f600", "\u0080", "\u00f6", "\u05e9"]
    sorted_names = ["\r", "1", "\u0080", "\u00f6", "\u05e9", "\u20ac", "\U0001f600"]
    assert list(parse(canonical(dict.fromkeys(names, 1)))) == sorted_names
    assert list(parse(canonical({"\uff21": 1, "\U0001f600": 2}))) == ["\U0001f600", "\uff21"]


def test_text_and_words_are_written_as_the_standard_does():
    # https://www.rfc-editor.org/rfc/rfc8785#section-3.2.2
    value = {"string": '\u20ac$\u000f\nA\'B"\\\\"/', "literals": [None, True, False]}
    told = b'{"literals":[null,true,false],"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical(value) == told


@pytest.mark.parametrize("number", [b"1.0", b"1e0", b"-0", b"1.00", b"9007199254740992"])
def test_a_number_with_more_than_one_spelling_is_refused_with_its_place(number):
    value = parse(b'{"amount": [{"value": %b}]}' % number)
    with pytest.raises(Unprocessable) as refused:
        canonical(value)
    place = "JudicialRecordCertificate.amount[0].value"
    assert refused.value.issues[0].expression == place


@pytest.mark.parametrize("number", [b"0", b"-1", b"9007199254740991"])
def test_a_whole_number_is_written_as_it_came(number):
    assert canonical(parse(number)) == number


@pytest.mark.parametrize("name", ["NGUYỄN VĂN THỬ", "Toà", "đồng"])
def test_a_name_in_nfd_is_refused_not_changed(name):
    for value in ({"name": name}, {name: 1}):
        assert canonical(value)
    apart = unicodedata.normalize("NFD", name)
    for value in ({"name": apart}, {apart: 1}):
        with pytest.raises(Unprocessable, match="NFC"):
            canonical(value)


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(Unprocessable):
        canonical({"name": "\ud800"})


def test_all_is_signed_but_what_the_server_stamps_and_what_changes_later():
    later = {"status": "revoked", "statusReason": {}, "revocation": {}, "replacedBy": {}}
    assert signed_part(body() | later | {"meta": {}, "signature": []}) == body()
    assert "text" in signed_part({"text": {}})
    assert "_status" in signed_part({"_status": {}})
