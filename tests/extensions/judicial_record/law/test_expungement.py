"""The advisory on expungement: what the law says of a conviction, and what it has to know first."""

import copy
from datetime import date

import pytest

from extensions.judicial_record.law import policy
from extensions.judicial_record.law.expungement import Advice, advise
from tests.extensions.judicial_record.sources.told import coded

LAW, NOW = policy.loaded(), date(2026, 11, 28)
PENAL = "penal-code"


GRAVE = {"offender": "under-18", "gravity": "very-serious"}
FEE = {"value": 200_000, "currency": "VND"}


def months(value, code="mo"):
    return {"value": value, "system": "http://unitsofmeasure.org", "code": code}


def penalty(kind="fixed-term", duration=None, **more):
    told = {"type": coded("principal-penalty", kind), **more}
    return told | ({"duration": duration} if duration else {})


def paper(kind, day):
    return {"kind": coded("execution-paper", kind), "date": day}


def conviction(*penalties, article="173.1", completed="2020-02-29", **more):
    return {
        "judgmentDate": "2018-03-04",
        "offence": [{"code": coded(PENAL, article)}],
        "principalPenalty": list(penalties) or [penalty(duration=months(24))],
        **({"completed": completed} if completed else {}),
        **more,
    }


def advice(told, others=(), **facts):
    return advise(LAW, told, NOW, others, **facts)


@pytest.mark.parametrize(
    ("told", "earliest", "rule"),
    [
        (penalty("warning"), "2021-02-28", "70-light"),
        (penalty("fine", amount={"value": 5_000_000, "currency": "VND"}), "2021-02-28", "70-light"),
        (penalty(duration=months(24), suspended=True), "2021-02-28", "70-light"),
        (penalty(duration=months(60)), "2022-02-28", "70-to-5"),
        (penalty(duration=months(5, "a")), "2022-02-28", "70-to-5"),
        (penalty(duration=months(61)), "2023-02-28", "70-to-15"),
        (penalty(duration=months(15, "a")), "2023-02-28", "70-to-15"),
        (penalty(duration=months(181)), "2025-02-28", "70-over-15"),
        (penalty("life"), "2025-02-28", "70-life"),
        (penalty("death"), "2025-02-28", "70-life"),
    ],
)
def test_the_terms_of_article_70(told, earliest, rule):
    found = advice(conviction(told))
    assert (found.outcome, found.basis, found.draft) == ("from", "automatic", False)
    assert found.earliest == date.fromisoformat(earliest)
    assert found.rules == (f"expungement-{rule}|1",)
    assert "no new crime since" in found.verify


def test_of_several_penalties_the_hardest_counts():
    told = conviction(penalty("fine"), penalty(duration=months(72)))
    assert advice(told).rules == ("expungement-70-to-15|1",)


@pytest.mark.parametrize("article", ["109.1", "421"])
def test_crimes_of_two_chapters_are_for_a_court_and_that_rule_is_a_draft(article):
    found = advice(conviction(article=article))
    assert (found.basis, found.draft, found.earliest) == ("court", True, date(2023, 2, 28))


@pytest.mark.parametrize(
    ("facts", "outcome", "earliest"),
    [
        ({"offender": "under-16"}, "no-record", None),
        ({"offender": "under-18", "gravity": "serious"}, "no-record", None),
        (GRAVE | {"fault": "unintentional"}, "no-record", None),
        (GRAVE | {"fault": "intentional"}, "from", date(2021, 2, 28)),
        ({"outcome": "exempted"}, "no-record", None),
        ({"fault": "unintentional", "gravity": "less-serious"}, "no-record", None),
        ({"fault": "unintentional", "gravity": "very-serious"}, "from", date(2022, 2, 28)),
    ],
)
def test_what_an_officer_knows_beside_the_record(facts, outcome, earliest):
    found = advice(conviction(), **facts)
    assert (found.outcome, found.earliest) == (outcome, earliest)


@pytest.mark.parametrize("code", ["unintentional", "exempted"])
def test_a_conviction_that_is_no_record_says_so_itself(code):
    assert advice(conviction(noCriminalRecord=code)).outcome == "no-record"


@pytest.mark.parametrize(
    ("told", "missing"),
    [
        (conviction(completed=None), "day the principal penalty was served"),
        (conviction(penalty()), "length of the prison sentence"),
        (conviction(penalty("expulsion")), "principal penalty"),
        (conviction(article="trộm cắp"), "chapter of the Penal Code"),
        (conviction(courtFee=FEE), "civil obligations and court fee"),
        (
            conviction(additionalPenalty=[{"type": coded("additional-penalty", "fine")}]),
            "completion of the additional penalty: fine",
        ),
        (
            conviction(additionalPenalty=[{"type": coded("additional-penalty", "residence-ban")}]),
            "completion of the additional penalty: residence-ban",
        ),
    ],
)
def test_a_fact_that_is_not_known_is_asked_for_and_no_day_is_told(told, missing):
    found = advice(told)
    assert (found.outcome, found.earliest, found.missing) == ("unknown", None, (missing,))


def test_papers_tell_when_a_penalty_and_the_duties_were_done():
    told = conviction(
        completed=None,
        courtFee=FEE,
        executionDecision=[
            paper("prison-completion", "2020-03-04"),
            paper("civil-completion", "2020-05-01"),
        ],
    )
    assert advice(told).earliest == date(2022, 3, 4)


@pytest.mark.parametrize(
    ("more", "earliest"),
    [
        ({"duration": months(12)}, date(2022, 2, 28)),
        ({"duration": months(5, "a")}, date(2025, 2, 28)),
    ],
)
def test_a_longer_ban_moves_the_day_to_its_own_end(more, earliest):
    ban = {"type": coded("additional-penalty", "position-ban"), **more}
    assert advice(conviction(additionalPenalty=[ban])).earliest == earliest
    done = [paper("position-ban-completion", "2026-01-02")]
    told = conviction(additionalPenalty=[ban], executionDecision=done)
    assert advice(told).earliest == date(2026, 1, 2)


def test_a_newer_judgment_within_the_term_stops_the_count():
    newer = conviction() | {"judgmentDate": "2021-06-01"}
    assert advice(conviction(), [newer]).missing == ("completion of the newer judgment (Art. 73)",)
    after = newer | {"judgmentDate": "2022-03-01"}
    assert advice(conviction(), [after]).outcome == "from"


def test_what_is_expunged_is_said_to_be_and_nothing_is_changed():
    told = conviction(expungement={"basis": "court", "date": "2023-01-01"})
    before = copy.deepcopy(told)
    assert advice(told) == Advice("expunged", basis="court")
    advice(conviction())
    assert told == before
