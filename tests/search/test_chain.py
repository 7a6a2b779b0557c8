"""Chains: which resources are asked, through which reference, for what."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import AnyOf, Chained, Not, Or, Present, Referring


def asked(search, type_, name, value="x"):
    return search.ask(type_, (name, value)).condition


def refused(search, type_, name, value="x"):
    with pytest.raises(Invalid) as caught:
        search.ask(type_, (name, value))
    (issue,) = caught.value.issues
    return issue


def test_a_chain_asks_the_resource_a_reference_leads_to(search):
    found = asked(search, "Observation", "subject:Patient.gender", "male")
    assert found == Chained("x.subject", "Patient", AnyOf("x.gender", ("*|male",)))


def test_a_chain_has_several_hops(search):
    found = asked(search, "Observation", "patient.organization.active", "true")
    inner = Chained("x.organization", "Organization", AnyOf("x.active", ("*|true",)))
    assert found == Chained("x.patient", "Patient", inner)


def test_a_hop_without_a_type_asks_every_type_that_has_the_rest(search):
    found = asked(search, "Observation", "subject.identifier", "1")
    assert isinstance(found, Or)
    assert [one.type for one in found.parts] == ["Device", "Group", "Location", "Patient"]
    assert asked(search, "Observation", "subject.gender").type == "Patient"
    assert asked(search, "Observation", "subject.general-practitioner.name").type == "Patient"


def test_the_end_of_a_chain_takes_modifiers_and_the_id(search):
    missing = asked(search, "Observation", "patient.birthdate:missing", "true")
    assert missing == Chained("x.patient", "Patient", Not(Present("x.birthdate")))
    exact = asked(search, "Observation", "patient.name:exact", "An")
    assert exact.condition == AnyOf("x.name:exact", ("An",))
    assert asked(search, "Observation", "patient._id", "p").condition == AnyOf("_id", ("p",))


def test_has_asks_those_that_refer_to_a_resource(search):
    found = asked(search, "Patient", "_has:Observation:patient:code", "1")
    assert found == Referring("Observation", "x.patient", AnyOf("x.code", ("*|1",)))


def test_has_and_chains_stand_within_each_other(search):
    nested = asked(search, "Patient", "_has:Observation:patient:_has:AuditEvent:entity:action", "R")
    inner = Referring("AuditEvent", "x.entity", AnyOf("x.action", ("*|R",)))
    assert nested == Referring("Observation", "x.patient", inner)
    through = asked(search, "Encounter", "subject:Patient._has:Group:member:code", "1")
    assert through.condition == Referring("Group", "x.member", AnyOf("x.code", ("*|1",)))
    ended = asked(
        search, "Patient", "_has:Observation:patient:encounter:Encounter.status", "planned"
    )
    assert ended.condition.type == "Encounter"


def test_a_list_is_asked_for_its_entries(search):
    found = asked(search, "Patient", "_list", "42,List/43")
    assert found == Referring("List", "x.item", AnyOf("_id", ("42", "43")))
    assert "functional" in refused(search, "Patient", "_list", "$current-problems").diagnostics


@pytest.mark.parametrize(
    ("type_", "name", "told"),
    [
        ("Observation", "subject.nonsense", "no parameter of Device, Group, Location, Patient"),
        ("Observation", "subject:Practitioner.name", "leads to Device, Group, Location, Patient"),
        ("Observation", "code.name", "'code' is no reference parameter of Observation"),
        ("Observation", "subject:identifier.name", "not to 'identifier'"),
        ("Observation", "a.b.c.d.e.f.g", "at most 5 hops"),
        ("Observation", "subject.", "is missing"),
        ("Observation", ".name", "no reference parameter"),
        ("Observation", f"subject.{'x' * 300}", "at most 256 letters"),
        ("Patient", "_has", "_has:Type:reference:parameter"),
        ("Patient", "_has:Observation:patient", "_has:Type:reference:parameter"),
        ("Patient", "_has:Observation:encounter:code", "leads to Patient"),
        ("Patient", "_has:$where:patient:code", "leads to Patient"),
        ("List", "item.subject.subject.subject.name", "leads to too many types"),
    ],
)
def test_a_chain_that_leads_nowhere_is_refused_by_name(search, type_, name, told):
    issue = refused(search, type_, name)
    assert told in issue.diagnostics
    assert name[:80] in issue.diagnostics


def test_a_bad_value_at_the_end_names_the_whole_chain(search):
    issue = refused(search, "Observation", "patient.birthdate", "yesterday")
    assert issue.diagnostics.startswith("patient.birthdate: ")


def test_a_lenient_search_leaves_out_only_what_is_unknown(search):
    query = search.ask("Observation", ("subject.nonsense", "1"), strict=False)
    assert [issue.severity for issue in query.issues] == ["warning"]
    with pytest.raises(Invalid):
        search.ask("Observation", ("a.b.c.d.e.f.g", "1"), strict=False)
