"""The rows of a report, added up from what is noted of each submission."""

from mappings.quality.facts import Facts, extension, facts_of
from mappings.quality.field_profile import Completeness
from mappings.quality.report import Report

URL = "http://example.org/StructureDefinition/vn-ext-data-quality"
DAY = "2025-09-02"


def document(**given):
    told = {"arrived": "2025-09-01T12:30:00Z", "patient": "Patient/1", "facility": "99001"} | given
    facts = Facts(
        told["arrived"],
        told.get("warnings", 0),
        told.get("sent", 1),
        (Completeness("p", 4, tuple(told.get("missing", ()))),),
    )
    return {
        "extension": [extension(facts, URL)],
        "author": [{"identifier": {"value": told["facility"]}}],
        "subject": {"reference": told["patient"]},
        "context": {
            "period": told.get(
                "period",
                {"start": "2025-09-01T08:15:00+07:00", "end": "2025-09-01T10:30:00+07:00"},
            )
        },
    }


def refused(facility="99001", errors=2):
    issues = [{"severity": "error"}] * errors + [{"severity": "information"}]
    return {
        "meta": {"tag": [{"code": "quarantined"}]},
        "author": [{"identifier": {"value": facility}}],
        "contained": [{"issue": issues}],
    }


def rows(*documents, day=DAY):
    report = Report()
    for one in documents:
        report.add(one, day)
    return report.rows()


def test_facts_read_back_as_they_were_noted():
    facts = Facts("2025-09-01T12:30:00Z", 3, 2, (Completeness("p", 4, ("01", "07")),))
    assert facts_of({"extension": [{"url": "x"}, extension(facts, URL)]}) == facts
    assert facts_of({"extension": [{"url": "x"}]}) is None


def test_completeness_is_the_filled_part_of_the_fields_asked_for():
    (row,) = rows(document(missing=["01"]), document(patient="Patient/2", missing=["01", "02"]))
    filled = row.completeness["p"]
    assert (filled.asked, filled.filled, filled.share) == (8, 5, 5 / 8)
    assert filled.missing == {"01": 2, "02": 1}


def test_freshness_is_counted_from_the_end_of_the_visit_to_the_first_arrival():
    late = document(patient="Patient/2", arrived="2025-09-03T03:30:00Z")
    (row,) = rows(document(), late)
    assert row.hours == [9, 48]
    assert (row.freshness, row.fresh) == (28.5, 0.5)


def test_a_visit_that_ends_on_an_unknown_hour_has_no_freshness():
    (row,) = rows(document(period={"start": "2025-09-01"}))
    assert (row.visits, row.hours, row.freshness, row.fresh) == (1, [], None, None)


def test_issues_of_stored_and_refused_visits_are_told_per_thousand_sent():
    (row,) = rows(document(warnings=1), refused(errors=2))
    assert (row.visits, row.refused, row.issues_per_thousand) == (1, 1, 1500)


def test_the_same_patient_at_the_same_minute_is_doubled_and_a_file_sent_again_repeated():
    other = document(patient="Patient/2", sent=3)
    (row,) = rows(document(), document(), other)
    assert (row.visits, row.doubled, row.repeated) == (3, 1, 1)


def test_facilities_and_days_have_rows_of_their_own_and_other_documents_none():
    report = Report()
    report.add(document(facility="99002"), DAY)
    report.add(refused("99001"), DAY)
    report.add(document(facility="99002"), "2025-09-01")
    report.add({"type": {"text": "a letter"}}, DAY)
    keys = [(row.facility, row.day) for row in report.rows()]
    assert keys == [("99001", DAY), ("99002", "2025-09-01"), ("99002", DAY)]
