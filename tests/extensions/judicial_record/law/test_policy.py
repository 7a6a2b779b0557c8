"""Which rule decides: both sides of each date, and what is refused when rules are loaded."""

import copy
from datetime import date, timedelta
from pathlib import Path

import pytest

from extensions.judicial_record.law import policy
from extensions.judicial_record.law.policy import Law, LawError, NoRuleError
from fhir_server.fhir import json

LAW = policy.loaded()
RULES = Path(policy.__file__).parent / "rules.json"
OLD, NEW = date(2026, 6, 30), date(2026, 7, 1)


def decided(kind, on, **facts):
    rule = LAW.rule(kind, on, **facts)
    return rule.value, rule.unit


@pytest.mark.parametrize(
    ("on", "facts", "term"),
    [
        (OLD, {}, (10, "day")),
        (OLD, {"circumstance": ["abroad", "many_places"]}, (15, "day")),
        (OLD, {"by": "proceedings-body", "circumstance": ["urgent", "abroad"]}, (24, "hour")),
        (OLD, {"by": "holder", "circumstance": "urgent"}, (10, "day")),
        (date(2024, 9, 30), {"lane": "clean"}, (10, "day")),
        (date(2024, 10, 1), {"lane": "clean"}, (3, "working-day")),
        (date(2024, 10, 1), {"lane": "hit"}, (10, "day")),
        (date(2025, 6, 30), {"lane": "clean", "circumstance": "foreigner"}, (3, "working-day")),
        (date(2025, 7, 1), {"lane": "clean"}, (10, "day")),
        (NEW, {}, (5, "working-day")),
        (NEW, {"lane": "clean"}, (5, "working-day")),
    ],
)
def test_the_time_to_issue(on, facts, term):
    assert decided("sla", on, **facts) == term


def test_a_draft_decides_only_where_nothing_verified_does():
    first, *others = LAW.applicable("sla", NEW, circumstance=["abroad"])
    assert (first.id, first.status) == ("sla-2025", "verified")
    assert [(one.id, one.status) for one in others] == [("sla-2025-long", "draft")]
    assert LAW.rule("age", OLD).status == "draft"


@pytest.mark.parametrize(
    ("on", "facts", "fee"),
    [
        (date(2025, 4, 23), {"channel": "online", "applicant": "standard"}, 200_000),
        (date(2025, 4, 24), {"channel": "online", "applicant": "standard"}, 170_000),
        (date(2025, 12, 31), {"channel": "online", "applicant": "standard"}, 170_000),
        (date(2026, 1, 1), {"channel": "online", "applicant": "standard"}, 200_000),
        (date(2025, 5, 1), {"channel": "counter", "applicant": "standard"}, 200_000),
        (NEW, {"applicant": "student"}, 100_000),
        (NEW, {"applicant": "poor-household", "channel": "online"}, 0),
    ],
)
def test_the_fee_of_a_request(on, facts, fee):
    assert decided("fee", on, item="request", **facts) == (fee, "VND")


@pytest.mark.parametrize(
    ("on", "form", "by", "answer"),
    [
        (OLD, "form-1", "state-body", "allowed"),
        (NEW, "form-1", "state-body", "legal-basis"),
        (NEW, "form-1", "organisation", "legal-basis"),
        (NEW, "form-1", "authorised", "allowed"),
        (OLD, "form-2", "authorised", "refused"),
        (NEW, "form-2", "authorised", "refused"),
        (NEW, "form-2", "organisation", "refused"),
        (NEW, "form-2", "proceedings-body", "allowed"),
        (NEW, "form-2", "holder", "allowed"),
        (NEW, "form-2", "parent", "allowed"),
    ],
)
def test_who_may_have_which_form(on, form, by, answer):
    assert decided("access", on, form=form, by=by) == (answer, "answer")


def test_the_least_age_is_sixteen_from_july_2026():
    assert decided("age", NEW) == (16, "year")
    assert decided("age", OLD) == (0, "year")


def test_the_regime_of_a_day_has_its_version():
    told = [LAW.regime(on).rpartition("/")[2] for on in (date(2025, 2, 28), date(2025, 3, 1), OLD)]
    assert told == [
        "judicial-records-2009-justice|1",
        "judicial-records-2009-police|1",
        "judicial-records-2009-police|1",
    ]
    assert LAW.regime(NEW).endswith("/judicial-records-2025|1")


def test_before_there_was_a_law_there_is_no_rule():
    for ask in (lambda: LAW.rule("sla", date(2010, 6, 30)), lambda: LAW.regime(date(2010, 6, 30))):
        with pytest.raises(NoRuleError, match="2010-06-30"):
            ask()


def test_a_fact_no_rule_asks_of_is_a_mistake_and_said_so():
    with pytest.raises(LawError, match="no fact"):
        LAW.rule("sla", NEW, circumstances=["abroad"])
    with pytest.raises(LawError, match="circumstance"):
        LAW.rule("sla", NEW, circumstance=["overseas"])
    assert LAW.rule("sla", NEW, circumstance=None).id == "sla-2025"


def test_a_circumstance_may_be_said_by_its_own_name():
    assert decided("sla", OLD, abroad=True, many_places=False) == (15, "day")
    assert decided("sla", OLD, abroad=False, foreigner=False) == (10, "day")
    with pytest.raises(LawError, match="far_away"):
        LAW.rule("sla", OLD, far_away=True)


def test_a_decision_finds_its_rule_again():
    for rule in LAW.rules:
        assert LAW.by_key(rule.key) is rule
    with pytest.raises(LawError, match="ended"):
        LAW.by_key("sla-1999|1")


def test_every_day_of_two_years_has_a_term_a_fee_and_one_answer_for_each_who():
    day = date(2024, 7, 1)
    while day < date(2027, 1, 1):
        LAW.rule("sla", day)
        LAW.rule("fee", day, item="request", applicant="standard", channel="online")
        for by in LAW.facts["by"]["values"]:
            for form in LAW.facts["form"]["values"]:
                assert len(LAW.applicable("access", day, form=form, by=by)) == 1
        day += timedelta(days=7)


def changed(change):
    told = copy.deepcopy(json.parse_object(RULES.read_bytes()))
    change(told)
    return json.dump(told)


def again(told):
    told["rules"].append(told["rules"][0] | {"id": "the-same-again"})


def longer(told):
    first = told["regimes"][0]
    first["effectivePeriod"]["end"] = "2025-03-01"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (again, "both decide"),
        (longer, "overlap"),
        (lambda told: told["rules"].append(told["rules"][0]), "twice"),
        (lambda told: told["rules"][0].update(kind="sal"), "sal"),
        (lambda told: told["rules"][0].update(unit="week"), "week"),
        (lambda told: told["rules"][0].update(value="ten"), "ten"),
        (lambda told: told["rules"][0].update(value=2.5), "value"),
        (lambda told: told["rules"][0].pop("source"), "source"),
        (lambda told: told["rules"][0].update(status="sure"), "sure"),
        (lambda told: told["rules"][0].update(when={"weather": "rain"}), "weather"),
        (lambda told: told["rules"][0].update(when={"lane": "fast"}), "fast"),
        (lambda told: told["rules"][0].update(when={"lane": {"over": 3}}), "lane"),
        (lambda told: told["rules"][0]["effectivePeriod"].update(end="2009-01-01"), "2009-01-01"),
        (lambda told: told["rules"][0]["effectivePeriod"].update(start="2010-02-30"), "day"),
    ],
)
def test_rules_that_cannot_be_used_are_refused_when_loaded(change, said):
    with pytest.raises(LawError, match=said):
        Law.read(changed(change))


def test_rules_of_other_days_or_other_cases_may_say_something_else():
    def later(told):
        told["rules"][4]["effectivePeriod"]["end"] = "2027-12-31"
        told["rules"].append(
            told["rules"][4]
            | {"id": "sla-2028", "value": 4, "effectivePeriod": {"start": "2028-01-01"}}
        )

    law = Law.read(changed(later))
    assert law.rule("sla", date(2027, 12, 31)).value == 5
    assert law.rule("sla", date(2028, 1, 1)).value == 4
