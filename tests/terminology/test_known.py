"""Systems of a grammar."""

import pytest

from fhir_server.terminology.known import KNOWN


@pytest.mark.parametrize(
    ("system", "good", "bad"),
    [
        (
            "http://unitsofmeasure.org",
            [
                "mg",
                "mg/dL",
                "[pH]",
                "dB[SPL]",
                "B[SPL]",
                "{score}",
                "10*3/uL",
                "Cel",
                "Cel/min",
                "1",
            ],
            ["", "mgs", "mg/", "Mg/dl x", "[PH]", "m[pH]", "x" * 300, "°C", "/"],
        ),
        (
            "urn:ietf:bcp:13",
            ["text/plain", "application/fhir+json", "text/plain; charset=utf-8", 'a/b;c="d e"'],
            ["text", "text/", "/plain", "text/plain;", "text plain", "a/" + "b" * 300],
        ),
        (
            "urn:ietf:bcp:47",
            ["vi", "vi-VN", "zh-Hant-TW", "en-US", "sr-Latn", "de-1996", "x-own", "en-x-own"],
            ["", "v", "vi_VN", "vi-", "english language", "vi-" + "a" * 9, "-vi", "1a"],
        ),
    ],
)
def test_codes_are_told_by_their_form(system, good, bad):
    member = KNOWN[system].member
    assert [code for code in good if not member(code)] == []
    assert [code for code in bad if member(code)] == []


def test_a_grammar_takes_no_time_over_odd_codes():
    for one in KNOWN.values():
        for text in ("a-" * 20_000, "a;" * 20_000, "(" * 20_000, "10*" * 20_000):
            assert not one.member(text)
