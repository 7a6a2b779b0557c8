"""A MeasureReport has the groups, populations and stratifiers of its Measure."""

import pytest

from fhir_server.validation.findings import Definitions, Visit
from fhir_server.validation.measure_report import report_findings
from fhir_server.validation.questions import Questions

URL = "http://example.org/Measure/m"
SYSTEM = "http://example.org/populations"


def coded(code, system=SYSTEM):
    return {"coding": [{"system": system, "code": code} if system else {"code": code}]}


def group(code=None, **more):
    return ({"code": coded(code)} if code else {}) | more


def part(code):
    return [{"code": coded(code), "count": 1}]


def found(spec, given, defined=None, type_="summary", **measure):
    report = {"resourceType": "MeasureReport", "type": type_, "measure": URL, "group": given}
    known = None if defined is None else {"resourceType": "Measure", "group": defined, **measure}
    questions = Questions({("measure", URL): known})
    findings = report_findings(report, Visit(Definitions(spec), questions, report, report)) or ()
    assert all(told for _, _, _, told in findings)
    return [
        (place, code if severity == "error" else severity) for place, severity, code, _ in findings
    ]


def test_a_report_of_what_the_measure_defines_is_well_made(spec):
    defined = [group("a", population=part("initial"), stratifier=part("age")), group("b")]
    assert found(spec, defined, defined) == []
    assert found(spec, [group(population=part("initial"))], defined[:1]) == []


@pytest.mark.parametrize(("name", "said"), [("population", "not-found"), ("stratifier", "warning")])
def test_a_part_the_measure_does_not_define_is_told(spec, name, said):
    given, defined = group(**{name: part("other")}), group(**{name: part("initial")})
    assert found(spec, [given], [defined]) == [(f".group[0].{name}[0].code", said)]


def test_a_component_of_a_stratum_is_one_of_a_stratifier(spec):
    defined = group(stratifier=[{"component": [{"code": coded("age")}]}])
    place = ".group[0].stratifier[0].stratum[0].component[0].code"
    for code, expected in (("age", []), ("sex", [(place, "not-found")])):
        stratum = {"component": [{"code": coded(code)}]}
        assert found(spec, [group(stratifier=[{"stratum": [stratum]}])], [defined]) == expected


def test_a_measure_without_stratifiers_is_not_compared_with_those_of_the_report(spec):
    strata = [{"code": [coded("age")], "stratum": [{"component": [{"code": coded("sex")}]}]}]
    assert found(spec, [group("a", stratifier=strata)], [group("a")]) == []


def test_a_group_the_measure_does_not_define_is_an_error(spec):
    assert found(spec, [group("x")], [group("a")]) == [(".group[0]", "not-found")]


def test_one_of_several_groups_is_known_by_its_code(spec):
    expected = [(f".group[{at}]", "not-found") for at in (0, 1)]
    assert found(spec, [group(), group()], [group()]) == expected


def test_a_code_without_a_system_is_compared_alone(spec):
    assert found(spec, [{"code": coded("a", "")}], [group("a")]) == []
    assert found(spec, [{"code": coded("a", "http://example.org/other")}], [group("a")])


def test_a_cohort_has_no_score(spec):
    given = [group(measureScore={"value": 1})]
    assert found(spec, given, [group()], scoring=coded("proportion")) == []
    place = ".group[0].measureScore"
    assert found(spec, given, [group()], scoring=coded("cohort")) == [(place, "warning")]


def test_only_a_list_of_subjects_lists_them(spec):
    listed = {"code": coded("initial"), "subjectResults": {"reference": "List/a"}}
    place = ".group[0].population[0].subjectResults"
    assert found(spec, [group(population=[listed])]) == [(place, "invariant")]
    assert found(spec, [group(population=[listed])], type_="subject-list") == []


def test_a_measure_that_is_not_known_is_compared_with_nothing(spec):
    assert found(spec, [group("x", population=part("y"))]) == []
