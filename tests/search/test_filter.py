"""`_filter` asks what the search parameters it names ask."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Chained, Coded, Not, Or

LOINC = "http://loinc.org"
PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "name": [{"text": "Nguyễn Thị Bưởi", "family": "Nguyễn", "given": ["Thị", "Bưởi"]}],
    "gender": "female",
    "birthDate": "1990-02-28",
    "managingOrganization": {"reference": "Organization/99001"},
    "identifier": [{"system": "http://example.org/sid", "value": "a,b"}],
}
OBSERVATION = {
    "resourceType": "Observation",
    "code": {"coding": [{"system": LOINC, "code": "8480-6"}]},
    "valueQuantity": {"value": 7, "unit": "mmol/L"},
    "effectivePeriod": {"start": "2026-01-10", "end": "2026-01-20"},
    "subject": {"reference": "Patient/p1"},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('name eq "nguyễn"', True),
        ('name eq "NGUYEN"', True),
        ('name eq "nguy"', False),
        ('name sw "nguy"', True),
        ('name co "uye"', True),
        ('name co "nguyen thi"', True),
        ('name co "tran"', False),
        ('name ne "tran"', True),
        ('name ne "nguyen"', False),
        ("name pr true", True),
        ("name pr false", False),
        ("phone pr false", True),
        ('phone ne "1"', False),
        ("gender eq female", True),
        ("gender ne female", False),
        ("gender ne male", True),
        ('given eq "buoi" and birthdate ge 1990-02-01', True),
        ("birthdate lt 1990", False),
        ("birthdate ge 1990 and birthdate lt 1991", True),
        ("birthdate po 1990", True),
        ("birthdate po 1991", False),
        ("gender eq male or birthdate eq 1990", True),
        ("gender eq female or gender eq male and birthdate lt 1980", False),
        ("gender eq female or (gender eq male and birthdate lt 1980)", True),
        ("not (gender eq male)", True),
        ("not (gender eq male or active eq true)", False),
        ("organization re Organization/99001", True),
        ("organization eq 99001", True),
        ("organization ne Organization/99001", False),
        ("identifier eq http://example.org/sid|a,b", True),
        ("identifier eq b", False),
        ("_id eq p1", True),
        ("_id ne p1", False),
    ],
)
def test_a_filter_selects(search, text, found):
    assert search.found(PATIENT, ("_filter", text)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"code eq {LOINC}|8480-6", True),
        (f'code eq "{LOINC}|8480-6"', True),
        (f"code eq {LOINC}|1", False),
        ("value-quantity gt 5", True),
        ("value-quantity lt 5", False),
        ("value-quantity ap 7", True),
        ("code-value-quantity eq 8480-6$gt5", True),
        ("code-value-quantity eq 8480-6$lt5", False),
        ("date po 2026-01-15", True),
        ("date po 2026-01-20", True),
        ("date po 2026-01", True),
        ("date po 2026-01-21", False),
        ("date po 2025", False),
        ("date eq 2026-01-15", False),
        ("date sa 2026-01-09", True),
        ("_lastUpdated po 1970", True),
    ],
)
def test_quantities_dates_and_pairs_select(search, text, found):
    assert search.found(OBSERVATION, ("_filter", text)) is found


def test_a_filter_stands_beside_other_parameters(search):
    assert search.found(PATIENT, ("_filter", "gender eq female"), ("birthdate", "1990"))
    assert not search.found(PATIENT, ("_filter", "gender eq female"), ("birthdate", "1991"))
    assert not search.found(PATIENT, ("_filter", "gender eq female"), ("_filter", "_id eq p2"))


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("code in http://example.org/vs", "in"),
        (f"code ss {LOINC}|1", "below"),
        (f"code sb {LOINC}|1", "above"),
    ],
)
def test_codes_are_asked_of_the_terminology(search, text, relation):
    condition = search.ask("Observation", ("_filter", text)).condition
    assert isinstance(condition, Coded)
    assert condition.relation == relation


def test_what_is_not_in_a_value_set_is_denied(search):
    condition = search.ask("Observation", ("_filter", "code ni http://example.org/vs")).condition
    assert isinstance(condition, Not)
    assert isinstance(condition.part, Coded)


def test_a_path_is_a_chain(search):
    chained = search.ask("Observation", ("_filter", 'subject:Patient.name co "an"')).condition
    assert chained == search.ask("Observation", ("subject:Patient.name:contains", "an")).condition
    assert isinstance(chained, Chained)


def test_a_filter_in_brackets_is_met_by_the_same_resource(search):
    text = 'subject:Patient[gender eq male].name eq "an"'
    condition = search.ask("Observation", ("_filter", text)).condition
    assert isinstance(condition, Chained)
    inner = search.ask("Patient", ("_filter", 'gender eq male and name eq "an"')).condition
    assert condition.condition == inner


def test_brackets_ask_every_type_that_has_both(search):
    condition = search.ask(
        "Observation", ("_filter", 'subject[identifier eq 1].name eq "an"')
    ).condition
    assert isinstance(condition, Or)
    assert {part.type for part in condition.parts} == {"Location", "Patient"}


@pytest.mark.parametrize(
    ("type_", "text", "told"),
    [
        ("Patient", "gender eq male and nonsense eq 1", "letter 20: 'nonsense' is no parameter"),
        ("Patient", 'name ew "an"', "name: ew is not asked of a string; supported: co, eq, ne"),
        ("Patient", "birthdate co 1990", "supported: ap, eb, eq, ge, gt, le, lt, ne, po, pr, sa"),
        ("Patient", "gender sw m", "supported: eq, in, ne, ni, pr, sb, ss"),
        ("Patient", "birthdate eq yesterday", "letter 1: birthdate"),
        ("Patient", "name pr perhaps", "true or false"),
        ("Patient", 'name eq "!"', "neither letter nor digit"),
        ("Patient", "name:exact eq x", "use an operator"),
        ("Patient", "organization.nonsense eq 1", "'nonsense' is no parameter of Organization"),
        ("Patient", "organization[name eq x] eq 1", "letter 25: `.` and a parameter"),
        ("Patient", "organization[nonsense eq x].name eq 1", "letter 14: 'nonsense' is no"),
        ("Patient", "name[family eq x].given eq 1", "'name' is no reference parameter"),
        ("Basic", "subject[_id eq x]._tag eq 1", "name one, as focus:Task"),
        ("Patient", "_filter eq x", "special"),
    ],
)
def test_what_cannot_be_asked_says_what_is_supported_and_where(search, type_, text, told):
    with pytest.raises(Invalid) as error:
        search.ask(type_, ("_filter", text))
    assert told in str(error.value)
    assert "_filter" in str(error.value)


def test_a_named_query_is_refused_with_the_reason(search):
    with pytest.raises(Invalid, match="no named queries here"):
        search.ask("Patient", ("_query", "current"))
