"""Import: what is kept, what is refused and why, and that nothing is lost or told."""

import re
import unicodedata

import pytest

from extensions.judicial_record.sources import quarantine, records
from extensions.judicial_record.sources.importing import import_files
from extensions.judicial_record.sources.matching import check
from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from tests.extensions.judicial_record.sources.told import (
    CONVICTION,
    JUDGMENT,
    PAPER,
    PERSON,
    PROHIBITION,
    changed,
    coded,
    document,
)


def outcomes(report):
    return {name: report[name] for name in ("kept", "unchanged", "refused") if report[name]}


def reasons(report):
    return [(one["reason"], one["where"]) for one in report["problems"]]


def test_a_judgment_a_paper_and_a_ban_are_kept_as_a_form_shows_them(office, taken):
    assert outcomes(taken(JUDGMENT, PAPER, PROHIBITION)) == {"kept": 3}
    match = check(office, PERSON)
    (conviction,) = records.of(office, match.records)
    court = {
        "type": "Organization",
        "identifier": {"system": "http://fhir.hl7.org.vn/legal/sid/court", "value": "99"},
        "display": "Toà án thử nghiệm",
    }
    assert {name: conviction[name] for name in CONVICTION} == {**CONVICTION, "court": court}
    assert conviction["executionDecision"] == [PAPER["paper"]]
    assert set(conviction) - set(CONVICTION) == {"id", "subject", "executionDecision"}
    (ban,) = records.prohibitions(office, match.prohibitions)
    assert ban["position"] == PROHIBITION["prohibition"]["position"]
    assert records.identity(office, conviction["id"]) == PERSON


def test_the_same_file_again_changes_nothing(office, taken):
    rows = (JUDGMENT, PAPER, PROHIBITION)
    taken(*rows)
    before = everything(office)
    report = taken(*rows, dict(reversed(JUDGMENT.items())))
    assert outcomes(report) == {"unchanged": 4}
    assert everything(office) == before


def test_a_row_that_was_refused_once_leaves_the_quarantine_when_it_is_kept(office, taken):
    assert reasons(taken(PAPER)) == [("no-judgment", "judgment")]
    assert len(list(quarantine.refused(office))) == 1
    assert outcomes(taken(JUDGMENT, PAPER)) == {"kept": 2}
    assert not list(quarantine.refused(office))


PENALTY = "conviction.principalPenalty"
PAPERS = "conviction.executionDecision"
MEMO = coded("execution-paper", "memo")
BAD = (
    (JUDGMENT, {"conviction.judgmentDate": "2019-02-30"}, "impossible-date"),
    (JUDGMENT, {"conviction.judgmentDate": "2019"}, "impossible-date"),
    (JUDGMENT, {"subject.birthDate": "1980-13"}, "impossible-date"),
    (JUDGMENT, {"conviction.judgmentDate": "2026-07-16"}, "future-date"),
    (JUDGMENT, {"conviction.completed": "2027-01-01"}, "future-date"),
    (JUDGMENT, {"conviction.completed": "2018-01-01"}, "wrong-order"),
    (JUDGMENT, {"subject.birthDate": "2019-03-05"}, "wrong-order conviction.judgmentDate"),
    (JUDGMENT, {"subject.birthDate": "2005-03-05"}, "too-young conviction.judgmentDate"),
    (JUDGMENT, {"conviction.court": {"display": "Toà án không có"}}, "unknown-court"),
    (JUDGMENT, {"conviction.judgmentNumber": None}, "missing"),
    (JUDGMENT, {"conviction.judgmentNumber": " "}, "wrong-type"),
    (JUDGMENT, {"conviction.offence": None}, "missing"),
    (JUDGMENT, {"subject.name": None}, "missing"),
    (JUDGMENT, {"subject": {"name": "TRẦN THỊ MẪU"}}, "missing subject.birthDate"),
    (JUDGMENT, {"subject.identityDocument.0.number": "99080000001"}, "wrong-number"),
    (JUDGMENT, {f"{PENALTY}.0.type": coded("principal-penalty", "flogging")}, "unknown-code"),
    (JUDGMENT, {f"{PENALTY}.0.duration.value": 2.5}, "wrong-type"),
    (JUDGMENT, {f"{PENALTY}.0.type": None}, "missing"),
    (JUDGMENT, {PAPERS: [{"kind": MEMO}]}, f"unknown-paper {PAPERS}[0].kind"),
    (JUDGMENT, {"conviction.rumour": "x"}, "unknown-element conviction"),
    (JUDGMENT, {"conviction.offence": [{"$where": "1"}]}, "unknown-element conviction.offence[0]"),
    (JUDGMENT, {"conviction.offence": "theft"}, "wrong-type"),
    (JUDGMENT, {"conviction.offence.0.text": "a\x00b"}, "wrong-type"),
    (JUDGMENT, {"conviction": 7}, "wrong-type"),
    (JUDGMENT, {"notes": "x"}, "unknown-element row"),
    (JUDGMENT, {"kind": "rumour"}, "unknown-kind"),
    (JUDGMENT, {"kind": ["judgment"]}, "unknown-kind"),
    (PROHIBITION, {"prohibition.until": "2019-01-01"}, "wrong-order"),
    (PAPER, {"paper.kind": MEMO}, "unknown-paper"),
    (PAPER, {"paper.date": "2018-01-01"}, "wrong-order"),
    (PAPER, {"judgment.judgmentNumber": "13/2019/HS-ST"}, "no-judgment judgment"),
    (PAPER, {"subject.birthDate": "1980-05-18"}, "no-judgment judgment"),
)


@pytest.mark.parametrize(("row", "paths", "told"), BAD)
def test_a_row_is_refused_with_its_reason_and_place(office, taken, row, paths, told):
    bad = changed(row, paths)
    (path,) = paths
    reason, _, where = told.partition(" ")
    where = where or re.sub(r"\.(\d+)", r"[\1]", path)
    report = taken(JUDGMENT, bad)
    assert outcomes(report) == {"kept": 1, "refused": 1}
    assert reasons(report) == [(reason, where)]
    (refused,) = quarantine.refused(office)
    assert json.parse_object(refused.raw) == json.parse_object(json.dump(bad))
    assert [(one.reason, one.where) for one in refused.problems] == [(reason, where)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "unreadable"), (b"[]", "unreadable"), (b'{"kind": "\xff"}', "unreadable"),
        (b'{"kind": "judgment", "kind": "paper"}', "unreadable"), (b"null", "unreadable"),
        (b'{"a": "' + b"x" * 1_100_000 + b'"}', "too-long"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_record_is_kept_too(office, taken, line, reason):
    report = taken(line, JUDGMENT)
    assert outcomes(report) == {"kept": 1, "refused": 1}
    assert reasons(report) == [(reason, "row")]
    (refused,) = quarantine.refused(office)
    assert (refused.raw, refused.line, refused.file) == (line + b"\n", 1, "rows.ndjson")


def test_the_same_judgment_told_differently_is_refused_and_finds_nobody(office, taken):
    other = changed(JUDGMENT, {"subject.identityDocument.0.number": "099080000009"})
    report = taken(JUDGMENT, other)
    assert reasons(report) == [("differs", "row")]
    stranger = {"name": "TRẦN THỊ MẪU", "birthDate": "1990-01-01"}
    number = {"identityDocument": [document("099080000009")]}
    assert check(office, stranger | number).kind == "clean"


def test_a_court_gives_a_number_on_one_day_to_as_many_persons_as_it_convicts(taken):
    mate = {"name": "TRẦN THỊ MẪU", "birthDate": "1990-01-01"}
    report = taken(
        JUDGMENT,
        changed(JUDGMENT, {"subject": mate, "conviction.judgmentNumber": "12/2019/hs-st "}),
        changed(JUDGMENT, {"subject": mate, "conviction.judgmentDate": "2019-03-05"}),
        changed(JUDGMENT, {"subject": mate, "conviction.court.display": "9901"}),
    )
    assert outcomes(report) == {"kept": 3, "refused": 1}
    assert reasons(report) == [("differs", "row")]


def test_the_report_counts_and_says_what_records_lack_but_no_value_of_a_row(taken):
    report = taken(JUDGMENT, changed(JUDGMENT, {"conviction.completed": "2018-01-01"}))
    assert report["rows"] == 2
    assert report["reasons"]["wrong-order"]["rows"] == 1
    assert report["lacking"] == {"conviction.executionStatus": 1, "conviction.completed": 1}
    told = json.dump(report).decode()
    for word in ("CANARY", "THỬ", "0990", "2018", "12/2019"):
        assert word not in told


def everything(office):
    """Give the raw documents of the office's database, but the keys."""
    database = office.records.database
    names = [one for one in database.list_collection_names() if one != "data_keys"]
    return {name: list(database[name].find({}).sort("_id", 1)) for name in sorted(names)}


def test_raw_records_show_no_name_number_offence_or_date(office, taken):
    bad = changed(JUDGMENT, {"conviction.completed": "2018-01-01"})
    taken(JUDGMENT, PAPER, PROHIBITION, bad)
    raw = repr(everything(office))
    assert raw.count("body") == 4
    words = (
        "CANARY",
        "NGUY",
        "nguyen",
        "thu nghiem",
        "0990",
        "99000",
        "12/2019",
        "2019-03",
        "1980",
    )
    for word in words:
        assert word not in raw


def test_a_file_no_database_could_keep_stops_the_import(office, write):
    with pytest.raises(Invalid, match="Line 1"):
        list(import_files(office, [write(b"x" * 9_000_000)]))


def test_texts_are_kept_composed(office, taken):
    row = json.parse_object(unicodedata.normalize("NFD", json.dump(JUDGMENT).decode()).encode())
    taken(row)
    assert outcomes(taken(JUDGMENT)) == {"unchanged": 1}
