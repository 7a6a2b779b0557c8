"""Who may act for a patient, as resources tell it."""

from zoneinfo import ZoneInfo

import pytest

from fhir_server.access.care import Relation, relations
from fhir_server.fhir.dates import FOR_EVER, date_range
from fhir_server.search.place import Place

PLACE = Place(("http://test.invalid/fhir",), ZoneInfo("Asia/Ho_Chi_Minh"))
P, H = {"reference": "Patient/p"}, {"reference": "Organization/h"}
LAST = date_range("2026-11-20", PLACE.zone)[1]


def made(type_, **elements):
    return relations({"resourceType": type_, "id": "x", **elements}, PLACE)


def encounter(status, **elements):
    return made("Encounter", status=status, subject=P, serviceProvider=H, **elements)


def team(**elements):
    return made("CareTeam", **{"status": "active", "subject": P} | elements)


def referral(status, **elements):
    focus = {"focus": {"reference": "ServiceRequest/s"}, "for": P}
    return made("Task", status=status, owner=H, **focus | elements)


@pytest.mark.parametrize("status", ["planned", "arrived", "triaged", "in-progress", "onleave"])
def test_an_open_encounter_is_its_providers_care_without_an_end(status):
    assert encounter(status) == [Relation("Organization/h", "p", FOR_EVER)]


def test_a_finished_encounter_ends_the_care_when_it_ended():
    assert encounter("finished", period={"end": "2026-11-20"}) == [
        Relation("Organization/h", "p", LAST)
    ]
    assert encounter("finished", period={"start": "2026-11-20"})[0].until == LAST


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "unknown", "finished"])
def test_what_is_no_visit_and_what_has_no_date_is_no_care(status):
    assert encounter(status) == []


def test_an_encounter_of_nobody_or_nowhere_is_no_care():
    assert made("Encounter", status="arrived", subject=P) == []
    assert made("Encounter", status="arrived", serviceProvider=H) == []
    group = {"reference": "Group/p"}
    assert made("Encounter", status="arrived", subject=group, serviceProvider=H) == []
    elsewhere = {"reference": "http://other.invalid/fhir/Organization/h"}
    assert made("Encounter", status="arrived", subject=P, serviceProvider=elsewhere) == []
    inside = {"reference": "#h"}
    assert made("Encounter", status="arrived", subject=P, serviceProvider=inside) == []


def test_a_reference_under_our_own_address_is_ours():
    ours = {"reference": "http://test.invalid/fhir/Organization/h/_history/2"}
    found = made("Encounter", status="arrived", subject=P, serviceProvider=ours)
    assert found == [Relation("Organization/h", "p", FOR_EVER)]


def test_a_care_team_is_the_care_of_those_who_manage_it_and_of_its_organisations():
    members = [
        {"member": {"reference": "Organization/i"}},
        {"member": {"reference": "Practitioner/d"}, "onBehalfOf": {"reference": "Organization/j"}},
    ]
    found = team(managingOrganization=[H], participant=members)
    assert {one.holder for one in found} == {"Organization/h", "Organization/i", "Organization/j"}
    assert team(managingOrganization=[H], status="inactive") == []


def test_a_member_stays_no_longer_than_the_team_and_than_himself():
    member = {"member": H, "period": {"end": "2026-11-20"}}
    assert team(participant=[member])[0].until == LAST
    assert team(participant=[{"member": H}], period={"end": "2026-11-20"})[0].until == LAST
    assert team(participant=[member], period={"end": "2026-11-19"})[0].until < LAST


@pytest.mark.parametrize("status", ["accepted", "in-progress"])
def test_an_accepted_referral_is_its_owners_care(status):
    assert referral(status) == [Relation("Organization/h", "p", FOR_EVER)]


@pytest.mark.parametrize("status", ["draft", "requested", "received", "rejected", "completed"])
def test_a_referral_that_is_not_accepted_is_not(status):
    assert referral(status) == []


def test_a_task_that_is_no_referral_is_not():
    assert referral("accepted", focus={"reference": "Observation/s"}) == []


def test_a_relative_stands_for_the_patient_until_the_period_ends():
    found = made("RelatedPerson", patient=P, period={"end": "2026-11-20"})
    assert found == [Relation("RelatedPerson/x", "p", LAST, "proxy")]
    assert made("RelatedPerson", patient=P, active=False) == []


def test_other_types_and_contained_ones_make_none():
    assert made("Observation", subject=P, performer=[H]) == []
    inner = {"resourceType": "Encounter", "status": "arrived", "subject": P, "serviceProvider": H}
    assert made("Observation", contained=[inner]) == []
