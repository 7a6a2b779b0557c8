"""The formats of the primitive types: what is good, what is not."""

import pytest

from fhir_server.fhir import json
from fhir_server.spec.spec import load
from fhir_server.validation.primitives import CHECKS, coded

GOOD = {
    "base64Binary": ["QQ==", "QUJD", "QU JD\n", "+/8="],
    "boolean": [True, False],
    "canonical": ["http://example.org/vs|1.0#x", "urn:oid:1.2"],
    "code": ["final", "a b", "đã-khám"],
    "date": ["2020", "2020-02", "2020-02-29", "0001-01-01", "9999-12-31"],
    "dateTime": [
        "2020",
        "2020-02-29",
        "2020-01-01T00:00:00Z",
        "2020-01-01T23:59:60.123456789+14:00",
        "2020-01-31T10:00:00-05:30",
    ],
    "id": ["a", "A-1.b", "x" * 64],
    "instant": ["2020-02-29T10:00:00+07:00", "2020-01-01T00:00:00.1Z"],
    "integer": [0, -1, 2**31 - 1, -(2**31)],
    "markdown": ["# title\n\ttext", " "],
    "oid": ["urn:oid:1.2.840.0.10008", "urn:oid:2.999"],
    "positiveInt": [1, 2**31 - 1],
    "string": ["Nguyễn Thị Bưởi", "tab\tand\nline", "x" * (1024 * 1024)],
    "time": ["00:00:00", "23:59:59.999"],
    "unsignedInt": [0, 2**31 - 1],
    "uri": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "a", "http://example.org/ü"],
    "url": ["https://example.org/a?b=c#d"],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">x</div>', "<div>a&nbsp;b<br/></div>"],
    "System.String": ["a1"],
}
BAD = {
    "base64Binary": ["", "QQ=", "Q", "QQ==QQ==", "Q-_D", " ", "ＱＱ==", "QQ\x1c=="],
    "boolean": ["true", 0, 1, None],
    "canonical": ["", "a b"],
    "code": ["", " a", "a ", "a  b", "a\tb"],
    "date": [
        "",
        "20",
        "0000",
        "2020-13",
        "2020-00",
        "2020-2",
        "2021-02-29",
        "1900-02-29",
        "2020-04-31",
        "2020-01-00",
        "2020-01-32",
        "2020-01-01T00:00:00Z",
        "٢٠٢٠",
        "2020-01-01\n",
        "2020/01/01",
        2020,
    ],
    "dateTime": [
        "2020-01-01T10:00:00",
        "2020-01-01T10:00Z",
        "2020-01-01T24:00:00Z",
        "2020-01-01T10:60:00Z",
        "2020-01-01T10:00:61Z",
        "2020-01-01T10:00:00.Z",
        "2020-01-01T10:00:00+14:01",
        "2020-01-01T10:00:00+7",
        "2021-02-29T10:00:00Z",
        "2020-01-01 10:00:00Z",
        "2020-01-01t10:00:00z",
    ],
    "decimal": ["1.0", True, None],
    "id": ["", "x" * 65, "a_b", "a/b", "..\n", "é"],
    "instant": ["2020", "2020-01-01", "2020-01-01T10:00:00", "2021-02-29T10:00:00Z"],
    "integer": [2**31, -(2**31) - 1, "1", True, None],
    "markdown": ["", "\x00", 1],
    "oid": ["urn:oid:3.1", "1.2", "urn:oid:1", "urn:oid:1.02", "urn:oid:1.2."],
    "positiveInt": [0, -1, 2**31],
    "string": ["", "a\x00", "\ufffe", "\uffff", "\x1b[31m", "x" * (1024 * 1024 + 1), ["a"], {}],
    "time": ["24:00:00", "10:00", "10:00:00Z", "1:00:00"],
    "unsignedInt": [-1, 2**31],
    "uri": ["", "a b", "a\n", "a\x00", "a\uffff"],
    "url": ["", "a b"],
    "uuid": [
        "c757873d-ec9a-4326-a141-556f43239520",
        "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
    ],
    "xhtml": ["", "text", "<p>x</p>", None],
    "System.String": ["", "a b"],
}


def cases(table):
    return [(type_, value) for type_, values in table.items() for value in values]


def test_every_primitive_of_r4_has_a_check():
    structures = load().structures.by_name.values()
    primitives = {item.name for item in structures if item.kind == "primitive-type"}
    assert set(CHECKS) == primitives | {"System.String"}
    assert set(BAD) == set(CHECKS)


@pytest.mark.parametrize(("type_", "value"), cases(GOOD))
def test_a_good_value_is_accepted(type_, value):
    assert CHECKS[type_](value, {}) is None


@pytest.mark.parametrize(("type_", "value"), cases(BAD))
def test_a_bad_value_is_refused(type_, value):
    ((place, code, told),) = CHECKS[type_](value, {})
    assert place == ""
    assert code in {"value", "structure"}
    assert 0 < len(told) < 200


@pytest.mark.parametrize("literal", ["1.00", "0.0000001", "1e-7", "1.0e+3", "-0", "0", "-12"])
def test_a_decimal_may_be_written_in_any_of_json_s_ways(literal):
    assert CHECKS["decimal"](json.parse(literal.encode()), {}) is None


@pytest.mark.parametrize("literal", ["1e1000", "1E-99999999999", "0.1e+100000"])
def test_a_decimal_that_would_fill_the_memory_is_refused(literal):
    assert CHECKS["decimal"](json.parse(literal.encode()), {})[0][1] == "value"


@pytest.mark.parametrize("literal", ["1.0", "1e2", "-0"])
def test_an_integer_has_no_fraction_and_no_exponent(literal):
    assert CHECKS["integer"](json.parse(literal.encode()), {})[0][1] == "structure"


def test_a_code_outside_its_value_set_is_told_as_such():
    check = coded(frozenset(["male"]), "http://example.org/vs")
    assert check("male", {}) is None
    assert check("Male", {})[0][1] == "code-invalid"
    assert check(" male", {})[0][1] == "value"
    assert check(1, {})[0][1] == "structure"
