"""Judge: every resource of a piece is told of, whatever a file holds."""

import json
from pathlib import Path

import pytest

from fhir_server.cli.offline import judge as module
from fhir_server.cli.offline.judge import Judge
from fhir_server.cli.offline.pieces import pieces
from fhir_server.main import definitions, plugins
from fhir_server.settings import Settings
from fhir_server.validation.validator import Strictness
from tests.cli.offline.resources import BAD, GOOD, UNKNOWN, VN_PATIENT

LIMIT = 10_000
STRICT = Strictness()


@pytest.fixture(scope="module")
def known():
    return definitions(plugins(Settings()))


@pytest.fixture
def look(known, tmp_path):
    def looked(name, body, *profiles, required=None, strict=STRICT):
        file = tmp_path / name
        file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        judge = Judge(known, profiles, required or {}, strict, LIMIT)
        return [one for piece in pieces(file, LIMIT) for one in judge.of(piece)]

    return looked


def told(judged):
    return [(issue.severity, issue.expression) for issue in judged.issues]


def test_a_good_resource_has_no_issues(look):
    (one,) = look("a.json", GOOD)
    assert (one.resource, one.line, one.issues) == ("Patient/p", 0, ())
    assert Path(one.file).name == "a.json"


def test_structure_rules_and_profiles_are_looked_at(look):
    (one,) = look("a.json", BAD)
    assert told(one) == [("error", "Patient.active")]
    (one,) = look("a.json", {**GOOD, "contact": [{"gender": "male"}]})
    assert told(one) == [("error", "Patient.contact[0]")]
    (one,) = look("a.json", {**GOOD, "meta": {"profile": [VN_PATIENT]}})
    assert ("error", "Patient.name") in told(one)


def test_profiles_that_are_named_or_required_are_met_by_all(look):
    for (one,) in (
        look("a.json", GOOD, VN_PATIENT),
        look("a.json", GOOD, required={"Patient": [VN_PATIENT]}),
    ):
        assert ("error", "Patient.name") in told(one)
        assert VN_PATIENT in one.issues[0].diagnostics


def test_a_claimed_profile_that_is_not_known_warns_or_refuses_as_it_is_set(look):
    claiming = {**GOOD, "meta": {"profile": [UNKNOWN]}}
    (one,) = look("a.json", claiming)
    assert told(one) == [("warning", "Patient.meta.profile[0]")]
    (one,) = look("a.json", claiming, strict=Strictness(unknown_profile="refuse"))
    assert told(one) == [("error", "Patient.meta.profile[0]")]
    (one,) = look("a.json", GOOD, UNKNOWN)
    assert told(one) == [("error", "Patient")]


def test_which_named_profiles_are_not_known_is_told_beforehand(known):
    versioned = f"{VN_PATIENT}|99"
    judge = Judge(known, (VN_PATIENT, UNKNOWN, versioned), {}, Strictness(), LIMIT)
    assert [*judge.unknown()] == [UNKNOWN, versioned]


def test_entries_of_a_bundle_are_looked_at_in_their_place(look):
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": BAD}]}
    bundle["entry"][0]["request"] = {"method": "POST", "url": "Patient"}
    (one,) = look("a.json", bundle)
    assert told(one) == [("error", "Bundle.entry[0].resource.active")]


def test_xml_is_told_by_its_name_or_its_look(look):
    document = b'<Patient xmlns="http://hl7.org/fhir"><id value="x"/><gender value="m"/></Patient>'
    for name in ("a.xml", "a.XML", "a.dat"):
        (one,) = look(name, document)
        assert one.resource == "Patient/x"
        assert told(one) == [("error", "Patient.gender")]
    (one,) = look("a.json", document)
    assert told(one) == [("fatal", "")]
    (one,) = look("a.dat", GOOD)
    assert one.issues == ()


def test_each_line_of_ndjson_is_a_resource_and_a_bad_one_leaves_the_others(look):
    lines = [json.dumps(GOOD), "{", "", json.dumps(BAD), '{"resourceType": "Patient"} {}']
    found = look("a.ndjson", "\n".join(lines).encode())
    assert [one.line for one in found] == [1, 2, 4, 5]
    assert [{severity for severity, _ in told(one)} for one in found] == [
        set(),
        {"fatal"},
        {"error"},
        {"fatal"},
    ]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.json", b"", "structure"),
        ("a.json", b"\x00\xff\xfe binary", "structure"),
        ("a.json", b"[]", "structure"),
        ("a.json", b'"text"', "structure"),
        ("a.json", b'{"resourceType":"Patient","id":"a","id":"b"}', "structure"),
        ("a.json", b'{"resourceType":"Patient","a":NaN}', "structure"),
        ("a.json", b'{"a":' * 80 + b"1" + b"}" * 80, "too-costly"),
        ("a.json", b"[" * LIMIT, "too-costly"),
        ("a.json", b" " * (LIMIT + 1), "too-long"),
        ("a.ndjson", b"x" * (LIMIT + 1), "too-long"),
        ("a.xml", b"", "structure"),
        ("a.xml", b"<Patient", "structure"),
        ("a.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><Patient/>", "invalid"),
        ("a.xml", b"<HOSO/>", "structure"),
        ("a.xml", b"\x00\x01\x02", "structure"),
    ],
)
def test_what_cannot_be_read_is_one_fatal_issue(look, name, body, code):
    (one,) = look(name, body)
    assert [(issue.severity, issue.code) for issue in one.issues] == [("fatal", code)]
    assert one.resource == ""


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"resourceType": None, "id": 1},
        {"resourceType": ["Patient"], "id": {"a": 1}},
        {"resourceType": "P" * 5000},
        {"resourceType": "Patient", "meta": [], "id": ""},
    ],
)
def test_what_is_no_resource_is_an_error(look, body):
    (one,) = look("a.json", body)
    assert "error" in {issue.severity for issue in one.issues}
    assert len(one.resource) < 200


def test_a_file_that_vanishes_before_it_is_read_is_an_issue(look, known, tmp_path):
    file = tmp_path / "a.json"
    file.write_text("{}")
    (piece,) = pieces(file, LIMIT)
    file.unlink()
    (one,) = Judge(known, (), {}, Strictness(), LIMIT).of(piece)
    assert told(one) == [("fatal", "")]


def test_a_fault_of_the_validator_is_told_and_ends_nothing(look, monkeypatch):
    def broken(*_):
        raise KeyError("x")

    monkeypatch.setattr(module, "issues", broken)
    found = look("a.ndjson", b"\n".join([json.dumps(GOOD).encode()] * 2))
    assert [told(one) for one in found] == [[("fatal", "")]] * 2
    assert "KeyError" in found[0].issues[0].diagnostics


def test_a_search_parameter_that_cannot_be_used_is_told(look):
    (one,) = look(
        "a.json",
        {
            "resourceType": "SearchParameter",
            "url": "http://example.org/SearchParameter/x",
            "name": "x",
            "status": "active",
            "description": "x",
            "code": "x",
            "base": ["Patient"],
            "type": "string",
            "expression": "Patient.(",
        },
    )
    assert ("error", "SearchParameter.expression") in told(one)
