"""Reports: the same findings as a table, JSON and JUnit XML, whatever they hold."""

import io
import json

import pytest
from lxml import etree

from fhir_server.cli.offline import reports
from fhir_server.cli.offline.judge import Judged
from fhir_server.cli.offline.reports import REPORTS, fails
from fhir_server.fhir.errors import Issue

WELL = Judged("a.json", 0, "Patient/a", ())
WRONG = Judged("b.ndjson", 7, "Patient/b", (Issue("value", "not so", "Patient.active"),))
WARNED = Judged(
    "c.json", 0, "Patient/c", (Issue("invariant", "dom-6", "Patient", severity="warning"),)
)
UNREAD = Judged("d.json", 0, "", (Issue("structure", "no JSON", severity="fatal"),))
ALL = (WELL, WRONG, WARNED, UNREAD)
# Nothing of this may reach a terminal, or break XML.
ODD = Judged(
    "e\x1b[2J\udcff&.json",
    0,
    "Patient/<x>",
    (Issue("value", "[red]\x07\x00 ]]> <b>&\ud800", "Patient.a\n\"'"),),
)


def written(format_, found, fail_on="error"):
    out = io.BytesIO()
    REPORTS[format_](out, iter(found), fail_on)
    return out.getvalue().decode()


@pytest.mark.parametrize(
    ("judged", "error", "warning"),
    [(WELL, False, False), (WRONG, True, True), (WARNED, False, True), (UNREAD, True, True)],
)
def test_what_fails_is_a_matter_of_severity(judged, error, warning):
    assert fails(judged, "error") is error
    assert fails(judged, "warning") is warning


def test_the_table_has_a_row_for_each_issue_and_none_for_what_is_well():
    text = written("table", ALL)
    for part in ("b.ndjson:7", "Patient.active", "error", "not so", "dom-6", "fatal", "no JSON"):
        assert part in text
    assert "a.json" not in text
    assert written("table", [WELL]) == ""


def test_a_long_table_says_what_it_leaves_out(monkeypatch):
    monkeypatch.setattr(reports, "_MOST_ROWS", 2)
    text = written("table", [WRONG] * 5)
    assert text.count("not so") == 2
    assert "3 more issues" in text


def test_what_fails_is_in_the_table_before_what_does_not(monkeypatch):
    monkeypatch.setattr(reports, "_MOST_ROWS", 2)
    text = written("table", [WARNED, WARNED, WRONG])
    assert text.index("dom-6") < text.index("not so")
    assert text.count("dom-6") == 1
    assert "1 more issues" in text
    text = written("table", [WARNED, WARNED, WRONG], "warning")
    assert "not so" not in text


def test_a_file_is_named_once_for_all_its_issues():
    both = Judged("f.json", 0, "Patient/f", WRONG.issues + WARNED.issues)
    assert written("table", [both]).count("f.json") == 1


def test_json_is_an_array_of_outcomes():
    found = json.loads(written("json", ALL))
    assert [one["outcome"]["resourceType"] for one in found] == ["OperationOutcome"] * 4
    well, wrong, _, unread = found
    assert well["outcome"]["issue"][0]["diagnostics"] == "All OK"
    assert (wrong["file"], wrong["line"], wrong["resource"]) == ("b.ndjson", 7, "Patient/b")
    assert wrong["outcome"]["issue"] == [
        {
            "severity": "error",
            "code": "value",
            "diagnostics": "not so",
            "expression": ["Patient.active"],
        }
    ]
    assert "resource" not in unread
    assert "line" not in unread
    assert json.loads(written("json", [])) == []


def suite(fail_on):
    (found,) = etree.fromstring(written("junit", ALL, fail_on).encode())
    return found


def test_junit_has_a_testcase_for_each_resource():
    found = suite("error")
    assert dict(found.attrib) == {
        "name": "fhir-server validate",
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }
    well, wrong, warned, unread = found
    assert [*well] == []
    assert (wrong.get("classname"), wrong.get("name")) == ("b.ndjson", "line 7: Patient/b")
    assert wrong[0].get("message") == "error: Patient.active: not so"
    assert [one[0].tag for one in (wrong, warned, unread)] == ["failure", "system-out", "error"]


def test_junit_counts_warnings_where_they_are_to_fail():
    found = suite("warning")
    assert found.get("failures") == "2"
    assert found[2][0].tag == "failure"


def test_nothing_that_was_sent_controls_the_screen_or_breaks_a_format():
    for format_ in REPORTS:
        text = written(format_, [ODD])
        assert not {"\x1b", "\x07", "\x00", "\ud800"} & {*text}
    (one,) = json.loads(written("json", [ODD]))
    assert one["outcome"]["issue"][0]["diagnostics"].startswith("[red]")
    (case,) = etree.fromstring(written("junit", [ODD]).encode())[0]
    assert case.get("name") == "Patient/<x>"
    assert "<b>&" in case[0].text
    assert "[red]" in written("table", [ODD])
