"""$diff: what changed between two versions, as a patch that can be applied."""

import pytest

from fhir_server.fhir import json
from fhir_server.patch.apply import read_patch
from tests.client import issues
from tests.operations.persons import observation, parameters, patient
from tests.patch.written import operation

RENAMED = [operation("replace", "Patient.name[0].family", value={"valueString": "Ba"})]
TAGGED = [operation("insert", "Patient.meta.tag", index=0, value={"valueCoding": {"code": "t"}})]


@pytest.fixture
async def versions(fhir):
    """Store four versions: named, renamed, tagged, deleted and back again as it was tagged."""
    await patient(fhir, "p", name=[{"family": "An"}])
    await patient(fhir, "p", name=[{"family": "Ba"}])
    await patient(fhir, "p", name=[{"family": "Ba"}], meta={"tag": [{"code": "t"}]})
    await fhir.delete("Patient/p")
    await patient(fhir, "p", name=[{"family": "Ba"}], meta={"tag": [{"code": "t"}]})
    return fhir


async def told(fhir, path):
    response = await fhir.get(path)
    assert response.status_code == 200, response.text
    assert response.json()["resourceType"] == "Parameters"
    return response.json().get("parameter", [])


async def test_the_current_version_is_compared_with_the_one_before(fhir):
    await patient(fhir, "p", name=[{"family": "An"}])
    await patient(fhir, "p", name=[{"family": "Ba"}])
    assert await told(fhir, "Patient/p/$diff") == RENAMED


async def test_any_two_versions_are_compared(versions):
    assert await told(versions, "Patient/p/$diff?fromVersion=1&toVersion=3") == RENAMED
    assert await told(versions, "Patient/p/$diff?toVersion=2") == RENAMED
    assert await told(versions, "Patient/p/$diff?fromVersion=1") == RENAMED
    assert await told(versions, "Patient/p/$diff?fromVersion=2") == []


async def test_meta_is_compared_where_it_is_asked_for(versions):
    found = await told(versions, "Patient/p/$diff?toVersion=3&includeMeta=true")
    assert found == TAGGED


async def test_the_answer_applied_to_the_one_gives_the_other(versions):
    answer = await versions.get("Patient/p/$diff?fromVersion=1&toVersion=2")
    patch = read_patch(versions.context.spec, "application/fhir+json", answer.content, None)
    old, new = [
        json.parse_object((await versions.get(f"Patient/p/_history/{number}")).content)
        for number in (1, 2)
    ]
    assert patch.apply(old)["name"] == new["name"]


async def test_two_resources_of_a_type_are_compared(versions):
    await patient(versions, "q", name=[{"family": "Ba"}])
    base = versions.context.base_url
    for to in ("Patient/q", f"{base}/Patient/q", "Patient/q/_history/1"):
        assert await told(versions, f"$diff?from=Patient/p/_history/1&to={to}") == RENAMED
    body = parameters(
        {"name": "from", "valueString": "Patient/p/_history/1"},
        {"name": "to", "valueString": "Patient/q"},
    )
    assert (await versions.post("$diff", body)).json()["parameter"] == RENAMED


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Patient/p/$diff?fromVersion=9", 404),
        ("Patient/p/$diff?fromVersion=x", 404),
        ("Patient/p/$diff?toVersion=1", 404),
        ("Patient/none/$diff", 404),
        ("Nobody/p/$diff", 404),
        ("Patient/p/$diff?toVersion=4", 410),
        ("Patient/p/$diff", 410),
        ("Patient/p/$diff?version=1", 400),
        ("Patient/p/$diff?includeMeta=yes", 400),
        ("Patient/p/$diff?fromVersion=1&fromVersion=2", 400),
        ("$diff?from=Patient/p", 400),
        ("$diff?from=Patient/p&to=x", 400),
        ("$diff?from=Patient/p&to=http://example.org/fhir/Patient/p", 400),
        ("$diff?from=Patient/p&to=%23p", 400),
        ("$diff?from=Patient/p&to=Nobody/p", 404),
        ("$diff?from=Patient/p&to=Patient/none", 404),
        ("$diff?from=Patient/p&to=Patient/p/_history/4", 410),
        ("$diff?from=Patient/p&to=Observation/o", 422),
    ],
)
async def test_what_cannot_be_compared_is_told(versions, path, status):
    await observation(versions, "o", "p")
    response = await versions.get(path)
    assert response.status_code == status, response.text
    assert issues(response)[0]["diagnostics"]
