from fhir_server.fhir.errors import Issue
from fhir_server.fhir.outcome import LONGEST, operation_outcome


def test_an_issue_is_told_without_control_characters_and_not_for_ever():
    told = operation_outcome([Issue("value", "a\x1b[2J\u202e" + "b" * 10_000, "Patient\n.id")])
    (issue,) = told["issue"]
    assert issue["diagnostics"].startswith("a\ufffd[2J\ufffdb")
    assert len(issue["diagnostics"]) == LONGEST + 1
    assert issue["expression"] == ["Patient\ufffd.id"]


def test_vietnamese_is_told_as_it_is():
    told = operation_outcome([Issue("value", "Nguyễn Thị Bưởi")])
    assert told["issue"][0]["diagnostics"] == "Nguyễn Thị Bưởi"
