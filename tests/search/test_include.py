"""Includes: what they name, what is refused, what is offered."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.include import Include, offered, offered_back


def read(search, type_, *pairs):
    return search.ask(type_, *pairs).includes


def test_an_include_names_source_parameter_and_target(search):
    [one] = read(search, "Observation", ("_include", "Observation:subject:Patient"))
    text = "_include=Observation:subject:Patient"
    assert one == Include(text, "Observation", "subject", "Patient")
    [every] = read(search, "Observation", ("_include", "Observation:*"))
    assert (every.source, every.code) == ("Observation", "")
    [all_] = read(search, "Observation", ("_include", "*"))
    assert (all_.source, all_.code, all_.target) == ("", "", "")


def test_several_includes_stand_in_order_each_once(search):
    pairs = [
        ("_include", "Observation:patient"),
        ("_revinclude:iterate", "Provenance:target"),
        ("_include", "Observation:patient"),
    ]
    found = read(search, "Observation", *pairs)
    assert [(one.source, one.back, one.iterate) for one in found] == [
        ("Observation", False, False),
        ("Provenance", True, True),
    ]


def test_includes_stay_in_the_self_link_and_are_no_criteria(search):
    pair = ("_include", "Observation:patient")
    query = search.ask("Observation", pair)
    assert query.applied == (pair,)
    assert query.condition == search.ask("Observation").condition


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("_include", "Observation:nonsense", "known: Observation:based-on"),
        ("_include", "Observation:code", "no reference parameter"),
        ("_include", "Observation", "write Type:parameter"),
        ("_include", "", "write Type:parameter"),
        ("_include", "Nonsense:patient", "'Nonsense' is no type"),
        ("_include", "*:patient", "is no type"),
        ("_include", "Observation:patient:Practitioner", "does not lead to 'Practitioner'"),
        ("_include", "Observation:subject:Patient:x", "does not lead to"),
        ("_include", "Patient:organization", "use :iterate"),
        ("_revinclude", "AllergyIntolerance:patient", "use :iterate"),
        ("_revinclude", "Provenance:target:Patient", "use :iterate"),
        ("_include:recurse", "Observation:patient", ":iterate"),
        ("_include:missing", "true", ":iterate"),
    ],
)
def test_an_include_that_brings_nothing_is_refused(search, name, value, told):
    with pytest.raises(Invalid) as caught:
        search.ask("Observation", (name, value), strict=False)
    [issue] = caught.value.issues
    assert issue.code == "not-supported"
    assert told in issue.diagnostics
    assert issue.diagnostics.startswith(f"{name}={value}")


def test_what_starts_from_another_type_is_taken_with_iterate(search):
    [one] = read(search, "Observation", ("_include:iterate", "Patient:organization"))
    assert (one.source, one.iterate) == ("Patient", True)


def test_a_summary_of_text_brings_nothing_along(search):
    with pytest.raises(Invalid):
        search.ask("Observation", ("_include", "*"), ("_summary", "text"))


def test_what_is_offered_is_what_is_read(spec, search):
    for value in offered(spec, "Observation"):
        assert read(search, "Observation", ("_include", value))
    for value in offered_back(spec)["Observation"]:
        assert read(search, "Observation", ("_revinclude", value))
    assert "Provenance:target" in offered_back(spec)["Observation"]
    assert "AllergyIntolerance:patient" not in offered_back(spec)["Observation"]
