"""$validate: every issue with its place, always 200, nothing stored."""

import pytest

from fhir_server.store.hold import CODE, SYSTEM
from tests.client import issues
from tests.operations.persons import parameters, patient
from tests.submission.stored import everything

NARRATIVE = {"status": "generated", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>A</div>"}
GOOD = {"resourceType": "Patient", "text": NARRATIVE, "active": True}
UNKNOWN = "http://example.org/StructureDefinition/vn-patient"
PROFILE = "http://example.org/StructureDefinition/named-patient"
NAMED = {
    "resourceType": "StructureDefinition",
    "url": PROFILE,
    "name": "NamedPatient",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {
        "element": [
            {"id": "Patient", "path": "Patient"},
            {"id": "Patient.name", "path": "Patient.name", "min": 1},
            {"id": "Patient.name.family", "path": "Patient.name.family", "mustSupport": True},
            {"id": "Patient.birthDate", "path": "Patient.birthDate", "mustSupport": True},
        ]
    },
}
BAD = {"resourceType": "Patient", "active": "yes", "colour": "red", "birthDate": "2026-02-30"}


def found(response):
    assert response.status_code == 200, response.text
    return issues(response)


def places(response):
    return {one["expression"][0] for one in found(response)}


async def test_a_good_resource_is_all_ok_and_not_stored(fhir):
    for body in (GOOD, parameters({"name": "resource", "resource": GOOD})):
        (issue,) = found(await fhir.post("Patient/$validate", body))
        assert issue["severity"] == "information"
        assert issue["diagnostics"] == "All OK"
    assert await everything(fhir) == {}


async def test_every_fault_is_told_with_its_place(fhir):
    wanted = {"Patient.active", "Patient.colour", "Patient.birthDate"}
    for body in (BAD, parameters({"name": "resource", "resource": BAD})):
        response = await fhir.post("Patient/$validate", body)
        assert places(response) == wanted
        assert {one["severity"] for one in found(response)} == {"error"}


async def test_a_resource_of_another_type_is_an_issue(fhir):
    (issue,) = found(
        await fhir.post(
            "Patient/$validate",
            {"resourceType": "Group", "text": NARRATIVE, "type": "person", "actual": True},
        )
    )
    assert issue["expression"] == ["Group.resourceType"]
    (issue,) = found(await fhir.post("Patient/$validate", {"resourceType": "Nothing"}))
    assert issue["severity"] == "error"


async def test_what_is_stored_is_validated_where_no_resource_is_sent(fhir):
    await patient(fhir, "p", text=NARRATIVE)
    for response in (
        await fhir.get("Patient/p/$validate"),
        await fhir.post("Patient/p/$validate", b""),
        await fhir.get("Patient/p/$validate?mode=update"),
    ):
        assert found(response)[0]["diagnostics"] == "All OK"
    assert (await fhir.get("Patient/never/$validate")).status_code == 404
    await fhir.delete("Patient/p")
    assert (await fhir.get("Patient/p/$validate")).status_code == 410


async def test_an_update_needs_the_id_of_its_url(fhir):
    body = parameters(
        {"name": "mode", "valueCode": "update"}, {"name": "resource", "resource": GOOD}
    )
    assert places(await fhir.post("Patient/p/$validate", body)) == {"Patient.id"}
    response = await fhir.post("Patient/p/$validate?mode=update", {**GOOD, "id": "p"})
    assert found(response)[0]["diagnostics"] == "All OK"


async def test_a_reference_to_nothing_is_told_where_a_write_is_planned(fhir):
    body = {**GOOD, "managingOrganization": {"reference": "Organization/no"}}
    assert found(await fhir.post("Patient/$validate", body))[0]["diagnostics"] == "All OK"
    (issue,) = found(await fhir.post("Patient/$validate?mode=create", body))
    assert issue["expression"] == ["Patient.managingOrganization.reference"]
    assert await everything(fhir) == {}


async def test_an_update_that_would_lift_a_hold_is_told(fhir):
    await patient(fhir, "p", meta={"security": [{"system": SYSTEM, "code": CODE}]})
    (issue,) = found(await fhir.post("Patient/p/$validate?mode=update", {**GOOD, "id": "p"}))
    assert issue["code"] == "business-rule"
    assert "active" not in (await fhir.get("Patient/p")).json()


async def test_mode_delete_tells_what_stands_against_it_and_deletes_nothing(fhir):
    await patient(fhir, "p")
    assert found(await fhir.get("Patient/p/$validate?mode=delete"))[0]["diagnostics"] == "All OK"
    await patient(fhir, "h", meta={"security": [{"system": SYSTEM, "code": CODE}]})
    (issue,) = found(await fhir.get("Patient/h/$validate?mode=delete"))
    assert (issue["severity"], issue["code"]) == ("error", "business-rule")
    (issue,) = found(await fhir.get("Patient/never/$validate?mode=delete"))
    assert issue["code"] == "not-found"
    await fhir.delete("Patient/p")
    (issue,) = found(await fhir.get("Patient/p/$validate?mode=delete"))
    assert issue["code"] == "deleted"
    assert (await fhir.get("Patient/h")).status_code == 200


async def test_a_profile_that_is_asked_for_and_not_known_is_an_error(fhir):
    (issue,) = found(await fhir.post(f"Patient/$validate?profile={UNKNOWN}", GOOD))
    assert (issue["severity"], issue["code"]) == ("error", "not-found")
    claimed = {**GOOD, "meta": {"profile": [UNKNOWN]}}
    (issue,) = found(await fhir.post(f"Patient/$validate?profile={UNKNOWN}", claimed))
    assert (issue["severity"], issue["expression"]) == ("error", ["Patient.meta.profile[0]"])
    own = "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"
    (issue,) = found(await fhir.post(f"Patient/$validate?profile={own}", GOOD))
    assert issue["diagnostics"] == "All OK"


async def test_a_profile_that_is_claimed_and_not_known_is_a_warning(fhir):
    claimed = {**GOOD, "meta": {"profile": [UNKNOWN]}}
    (issue,) = found(await fhir.post("Patient/$validate?mode=profile", claimed))
    assert (issue["severity"], issue["expression"]) == ("warning", ["Patient.meta.profile[0]"])


async def test_a_profile_stored_here_is_checked_claimed_or_asked_for(fhir):
    assert (await fhir.post("StructureDefinition", NAMED)).status_code == 201
    claimed = {**GOOD, "meta": {"profile": [PROFILE]}}
    body = parameters(
        {"name": "resource", "resource": GOOD}, {"name": "profile", "valueUri": PROFILE}
    )
    for response in (
        await fhir.post("Patient/$validate", claimed),
        await fhir.post(f"Patient/$validate?profile={PROFILE}", GOOD),
        await fhir.post("Patient/$validate", body),
        await fhir.post(f"Patient/$validate?profile={PROFILE}", claimed),
    ):
        (issue,) = found(response)
        assert (issue["severity"], issue["expression"]) == ("error", ["Patient.name"])
        assert PROFILE in issue["diagnostics"]


async def test_what_is_stored_is_checked_against_a_profile_with_get(fhir):
    await fhir.post("StructureDefinition", NAMED)
    await patient(fhir, "p", text=NARRATIVE)
    assert places(await fhir.get(f"Patient/p/$validate?profile={PROFILE}")) == {"Patient.name"}
    await patient(fhir, "p", text=NARRATIVE, name=[{"family": "Lê"}])
    (issue,) = found(await fhir.get(f"Patient/p/$validate?profile={PROFILE}"))
    assert issue["diagnostics"] == "All OK"


async def test_must_support_elements_that_are_missing_are_told_where_that_is_asked_for(fhir):
    await fhir.post("StructureDefinition", NAMED)
    claimed = {**GOOD, "meta": {"profile": [PROFILE]}, "name": [{"text": "Lê"}]}
    (issue,) = found(await fhir.post("Patient/$validate", claimed))
    assert issue["diagnostics"] == "All OK"
    for path, body in (
        ("Patient/$validate?must-support=true", claimed),
        (
            "Patient/$validate",
            parameters(
                {"name": "resource", "resource": claimed},
                {"name": "must-support", "valueBoolean": True},
            ),
        ),
    ):
        told = found(await fhir.post(path, body))
        assert {(one["severity"], one["expression"][0]) for one in told} == {
            ("information", "Patient.name[0].family"),
            ("information", "Patient.birthDate"),
        }
        assert all(PROFILE in one["diagnostics"] for one in told)


async def test_a_must_support_report_of_an_unknown_profile_says_that_it_is_not_known(fhir):
    (issue,) = found(
        await fhir.post(f"Patient/$validate?must-support=true&profile={UNKNOWN}", GOOD)
    )
    assert issue["code"] == "not-found"


async def test_what_keeps_a_resource_from_being_written_is_told_where_a_write_is_planned(fhir):
    tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"}
    part = {
        **GOOD,
        "meta": {"tag": [{**tag, "code": "SUBSETTED"}]},
        "managingOrganization": {"reference": "Organization?name=x"},
    }
    assert found(await fhir.post("Patient/$validate", part))[0]["diagnostics"] == "All OK"
    assert places(await fhir.post("Patient/$validate?mode=create", part)) >= {
        "Patient.meta.tag",
        "Patient.managingOrganization.reference",
    }
    assert await everything(fhir) == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("Patient/$validate", b""),
        ("Patient/$validate", b"{"),
        ("Patient/$validate", b"[1]"),
        ("Patient/$validate?mode=eat", GOOD),
        ("Patient/$validate?mode=delete", b""),
        ("Patient/$validate?mode=update", GOOD),
        ("Patient/$validate?mode=create&mode=create", GOOD),
        ("Patient/$validate?colour=red", GOOD),
        ("Patient/$validate?must-support=perhaps", GOOD),
        ("Patient/$validate?resource=x", b""),
        ("Patient/$validate?profile=a%20b", GOOD),
        ("Patient/$validate", parameters({"name": "resource", "valueString": "x"})),
        ("Patient/a..b/$validate", b""),
    ],
)
async def test_inputs_that_cannot_be_read_are_refused(fhir, path, body):
    response = await fhir.post(path, body)
    assert response.status_code == 400, response.text
    assert issues(response)


async def test_a_resource_that_is_no_object_is_refused_with_its_place(fhir):
    response = await fhir.post(
        "Patient/$validate", parameters({"name": "resource", "resource": "x"})
    )
    assert response.status_code == 422
    assert issues(response)[0]["expression"] == ["Parameters.parameter[0].resource"]
