"""Letters that would print otherwise than they read are refused with their place."""

import pytest

from extensions.judicial_record.paper import letters
from extensions.judicial_record.paper.rendering import pdf
from fhir_server.fhir.errors import Unprocessable
from tests.extensions.judicial_record.paper.bodies import URL, form_1


def named(text):
    body = form_1()
    body["subjectSnapshot"]["name"] = text
    return body


@pytest.mark.parametrize(
    "text",
    [
        "NGUYỄN \u202eỬHT",
        "A\u200bB",
        "A\u00adB",
        "A\nB",
        "A\x00B",
        "王小明",
        "😀",
        "АБВ",
        "a" + "\u0323\u0323",
        "\ufeffA",
        "\ue000",
    ],
    ids=ascii,
)
def test_a_letter_that_is_not_seen_as_it_is_is_refused(text):
    with pytest.raises(Unprocessable) as refused:
        letters.check(named(text))
    [issue] = refused.value.issues
    assert issue.expression == "JudicialRecordCertificate.subjectSnapshot.name"
    assert text not in issue.diagnostics


def test_every_letter_let_through_is_in_the_font():
    allowed = [chr(one) for one in range(0x20, 0x3000) if letters._PRINTABLE.fullmatch(chr(one))]
    assert "Ữ" in allowed
    assert pdf(named("".join(allowed)), URL)
    assert pdf(named("Ọ\u0300"), URL)


def test_places_are_those_of_fhirpath():
    body = form_1(conviction=[{"offence": [{"text": "好"}]}])
    with pytest.raises(Unprocessable) as refused:
        letters.check(body)
    place = "JudicialRecordCertificate.conviction[0].offence[0].text"
    assert refused.value.issues[0].expression == place
