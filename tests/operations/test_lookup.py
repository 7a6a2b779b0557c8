"""CodeSystem/$lookup: what is told of a code."""

import pytest

from tests.client import issues
from tests.operations.lung import ICD, outputs, stored
from tests.operations.persons import parameters

LOOKUP = f"CodeSystem/$lookup?system={ICD}&code="


def properties(found):
    """Give the properties of a lookup: (code, value, description)."""
    rows = found.get("property", [])
    rows = rows if rows and isinstance(rows[0], list) else [rows] if rows else []
    told = [
        {one["name"]: next(v for k, v in one.items() if k != "name") for one in row} for row in rows
    ]
    return [(one["code"], one.get("value"), one.get("description")) for one in told]


async def test_all_is_told_where_nothing_is_chosen(fhir):
    await stored(fhir)
    found = outputs(await fhir.get(f"{LOOKUP}J18"))
    assert (found["name"], found["version"], found["display"]) == (ICD, "2", "Pneumonia")
    assert found["designation"] == [
        {"name": "language", "valueCode": "vi"},
        {"name": "value", "valueString": "Viêm phổi"},
    ]
    assert properties(found) == [
        ("parent", "J", "Respiratory diseases"),
        ("child", "J18.9", "Pneumonia, unspecified"),
    ]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("J18&property=parent", ["parent"]),
        ("J18&property=parent&property=child", ["parent", "child"]),
        ("J18&property=display", []),
        ("J99&property=inactive", ["inactive"]),
        ("J99&property=status", ["status"]),
        ("J&property=notSelectable", ["notSelectable"]),
        ("J99", ["inactive", "status"]),
    ],
)
async def test_properties_are_chosen(fhir, asked, told):
    await stored(fhir)
    found = outputs(await fhir.get(LOOKUP + asked))
    assert [code for code, _, _ in properties(found)] == told
    assert ("designation" in found) == ("property" not in asked)


async def test_designations_are_chosen_by_language(fhir):
    await stored(fhir)
    for wanted, there in (("lang.vi", True), ("designation", True), ("lang.fr", False)):
        found = outputs(await fhir.get(f"{LOOKUP}J18&property={wanted}"))
        assert ("designation" in found) is there


async def test_the_display_is_in_the_language_asked_for(fhir):
    await stored(fhir)
    found = outputs(await fhir.get(f"{LOOKUP}J18&displayLanguage=vi"))
    assert found["display"] == "Viêm phổi"
    assert ("parent", "J", "Bệnh hô hấp") in properties(found)


async def test_a_coding_and_a_version_are_looked_up(fhir):
    await stored(fhir)
    given = {"name": "coding", "valueCoding": {"system": ICD, "version": "2", "code": "J12"}}
    found = outputs(await fhir.post("CodeSystem/$lookup", parameters(given)))
    assert found["display"] == "Viral pneumonia"
    assert (await fhir.get(f"{LOOKUP}J18&version=1")).status_code == 404


async def test_a_value_of_a_property_keeps_its_digits(fhir):
    weight = b'{"code": "weight", "valueDecimal": 1.50}'
    body = (
        b'{"resourceType": "CodeSystem", "id": "d", "url": "http://example.org/d", '
        b'"status": "active", "content": "complete", '
        b'"concept": [{"code": "a", "property": [' + weight + b"]}]}"
    )
    assert (await fhir.put("CodeSystem/d", body)).status_code == 201
    found = await fhir.get("CodeSystem/$lookup?system=http://example.org/d&code=a")
    assert b'"valueDecimal":1.50' in found.content
    assert outputs(found)["display"] == "a"


async def test_r4s_own_and_grammars_are_looked_up(fhir):
    url = "http://terminology.hl7.org/CodeSystem/v3-ActMood"
    found = outputs(await fhir.get(f"CodeSystem/$lookup?system={url}&code=EVN"))
    assert "event" in found["display"]
    assert "definition" in [code for code, _, _ in properties(found)]
    unit = await fhir.get("CodeSystem/$lookup?system=http://unitsofmeasure.org&code=mg/dL")
    assert outputs(unit) == {"name": "UCUM", "display": "mg/dL"}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (f"system={ICD}&code=J77", 404, "not-found"),
        ("system=http://example.org/none&code=1", 404, "not-found"),
        ("system=http://snomed.info/sct&code=1", 404, "not-found"),
        ("system=http://unitsofmeasure.org&code=nonsense/", 404, "not-found"),
        ("code=1", 400, "required"),
        (f"system={ICD}", 400, "required"),
    ],
)
async def test_what_is_not_here_is_said(fhir, asked, status, code):
    await stored(fhir)
    refused = await fhir.get(f"CodeSystem/$lookup?{asked}")
    assert (refused.status_code, issues(refused)[0]["code"]) == (status, code)


async def test_properties_asked_for_are_bounded(fhir):
    await stored(fhir)
    many = "&property=a" * 201
    assert issues(await fhir.get(f"{LOOKUP}J18{many}"))[0]["code"] == "too-costly"


async def test_a_deleted_system_is_not_there(fhir):
    await stored(fhir)
    assert (await fhir.get(f"{LOOKUP}J18")).status_code == 200
    await fhir.delete("CodeSystem/icd")
    assert (await fhir.get(f"{LOOKUP}J18")).status_code == 404
