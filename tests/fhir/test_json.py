import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid


@pytest.mark.parametrize("quotes", ["", r"\u0022\u0022", r"\u0022" * 4, r"\\u0022"])
def test_a_repeated_key_is_seen_behind_escaped_quotes(quotes):
    body = '{"a":1,"a":2,"b":"' + quotes + '"}'
    with pytest.raises(Invalid, match="twice"):
        json.parse(body.encode())


def test_escaped_quotes_are_read():
    assert json.parse(rb'{"a":"\u0022b\u0022","c":"\\u0022"}') == {"a": '"b"', "c": r"\u0022"}


def test_a_repeated_key_is_told_short_and_without_control_characters():
    key = "\\u0007" * 1000
    with pytest.raises(Invalid) as raised:
        json.parse(f'{{"{key}":1,"{key}":2}}'.encode())
    told = raised.value.issues[0].diagnostics
    assert told.isprintable()
    assert len(told) < 400


def test_integers_of_any_size_keep_their_digits_or_are_refused():
    for number in (2**63, 2**64, -(2**63) - 1, 10**40):
        assert json.dump(json.parse(b"[%d]" % number)) == b"[%d]" % number
    with pytest.raises(Invalid):
        json.parse(b"9" * 5000)


def test_a_body_of_nothing_but_brackets_is_too_costly():
    with pytest.raises(Invalid) as raised:
        json.parse(b"[" + b"[]," * json.MAX_NESTED + b"[]]")
    assert raised.value.issues[0].code == "too-costly"


def test_64_levels_pass_and_65_do_not():
    assert json.parse(b"[" * 63 + b"1" + b"]" * 63)
    with pytest.raises(Invalid, match="deeper"):
        json.parse(b"[" * 65 + b"1" + b"]" * 65)


def test_digits_in_a_string_are_no_negative_zero(monkeypatch):
    monkeypatch.setattr(json, "_parse_slowly", lambda _: pytest.fail("parsed twice"))
    assert json.parse(b'{"a": "7f1a-0c6b-0", "b": [1]}') == {"a": "7f1a-0c6b-0", "b": [1]}
