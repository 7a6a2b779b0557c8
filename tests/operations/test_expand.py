"""ValueSet/$expand: a row for each parameter, and what cannot be expanded."""

import pytest

from fhir_server.operations import expand as operation
from tests.client import issues
from tests.operations.lung import ICD, VI, WHOLE, coded, stored
from tests.operations.persons import parameters, put
from tests.terminology.systems import SET, clause, code_system, value_set


def listed(response):
    assert response.status_code == 200, response.text
    found = response.json()
    assert found["resourceType"] == "ValueSet"
    return [one["code"] for one in found["expansion"].get("contains", ())]


def contains(response, code):
    assert response.status_code == 200, response.text
    (found,) = [one for one in response.json()["expansion"]["contains"] if one["code"] == code]
    return found


def told(response):
    return [
        (one["name"], *(value for key, value in one.items() if key != "name"))
        for one in response.json()["expansion"]["parameter"]
    ]


async def test_a_value_set_is_expanded_in_the_order_of_its_system(fhir):
    await stored(fhir)
    found = await fhir.get(f"ValueSet/$expand?url={SET}lung")
    assert listed(found) == ["J", "J12", "J18", "J18.9", "J99"]
    assert contains(found, "J") == {
        "system": ICD,
        "abstract": True,
        "code": "J",
        "display": "Respiratory diseases",
    }
    assert contains(found, "J99")["inactive"] is True
    whole = found.json()
    assert whole["url"] == f"{SET}lung"
    assert "compose" not in whole
    assert whole["expansion"]["total"] == 5
    assert told(found) == [("version", f"{ICD}|2")]
    assert whole["expansion"]["identifier"].startswith("urn:uuid:")


async def test_one_is_named_by_its_id_its_url_or_sent_along(fhir):
    await stored(fhir)
    whole = ["J", "J12", "J18", "J18.9", "J99"]
    assert listed(await fhir.get("ValueSet/lung/$expand")) == whole
    assert listed(await fhir.get(f"ValueSet/$expand?url={SET}lung|7")) == whole
    assert listed(await fhir.get(f"ValueSet/$expand?url={SET}lung&valueSetVersion=7")) == whole
    inline = value_set("new", clause(ICD, ["J18"]))
    assert listed(await fhir.post("ValueSet/$expand", inline)) == ["J18"]
    body = parameters({"name": "valueSet", "resource": inline})
    assert contains(await fhir.post("ValueSet/$expand", body), "J18")["display"] == "Pneumonia"


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("filter=pneu", ["J12", "J18", "J18.9"]),
        ("filter=viem phoi", ["J12", "J18"]),
        ("filter=VIÊM PHỔI vi", ["J12", "J18"]),
        ("filter=J18", ["J18", "J18.9"]),
        ("filter=iem", []),
        ("filter=...", []),
        ("activeOnly=true", ["J", "J12", "J18", "J18.9"]),
        ("excludeNotForUI=true", ["J12", "J18", "J18.9", "J99"]),
        ("count=2", ["J", "J12"]),
        ("offset=3&count=2", ["J18.9", "J99"]),
        ("offset=4", ["J99"]),
        ("offset=9", []),
        ("count=0", []),
        (f"exclude-system={ICD}", []),
        (f"exclude-system={ICD}|2", []),
        (f"exclude-system={ICD}|1", ["J", "J12", "J18", "J18.9", "J99"]),
        ("excludePostCoordinated=true&count=1", ["J"]),
    ],
)
async def test_a_parameter_chooses_codes(fhir, asked, codes):
    await stored(fhir)
    found = await fhir.get(f"ValueSet/lung/$expand?{asked}")
    assert listed(found) == codes
    assert {pair.partition("=")[0] for pair in asked.split("&")} <= {one[0] for one in told(found)}


async def test_a_page_says_where_it_begins_and_how_many_there_are(fhir):
    await stored(fhir)
    found = (await fhir.get("ValueSet/lung/$expand?offset=1&count=1&filter=pneu")).json()
    assert (found["expansion"]["total"], found["expansion"]["offset"]) == (3, 1)


async def test_codes_are_nested_where_that_is_asked_for(fhir):
    await stored(fhir)
    found = await fhir.get("ValueSet/lung/$expand?excludeNested=false")
    assert listed(found) == ["J", "J99"]
    inner = contains(found, "J")["contains"]
    assert [one["code"] for one in inner] == ["J12", "J18"]
    assert [one["code"] for one in inner[1]["contains"]] == ["J18.9"]
    flat = await fhir.get("ValueSet/lung/$expand?excludeNested=false&count=9")
    assert len(listed(flat)) == 5


async def test_displays_are_in_the_language_asked_for_where_there_is_one(fhir):
    await stored(fhir)
    found = await fhir.get("ValueSet/lung/$expand?displayLanguage=vi")
    assert contains(found, "J18")["display"] == "Viêm phổi"
    assert contains(found, "J18.9")["display"] == "Pneumonia, unspecified"


async def test_designations_are_given_where_they_are_asked_for(fhir):
    await stored(fhir)
    plain = await fhir.get("ValueSet/lung/$expand")
    assert "designation" not in contains(plain, "J18")
    for more in ("", "&designation=vi", "&designation=urn:ietf:bcp:47|vi"):
        found = await fhir.get(f"ValueSet/lung/$expand?includeDesignations=true{more}")
        assert contains(found, "J18")["designation"] == [{**VI, "value": "Viêm phổi"}]
    other = await fhir.get("ValueSet/lung/$expand?includeDesignations=true&designation=fr")
    assert "designation" not in contains(other, "J18")


async def test_a_display_of_the_value_set_wins(fhir):
    await stored(fhir)
    own = clause(ICD, concept=[{"code": "J18", "display": "Lung fever"}])
    found = await fhir.post("ValueSet/$expand", value_set("own", own))
    assert contains(found, "J18")["display"] == "Lung fever"


async def test_the_definition_is_given_where_it_is_asked_for(fhir):
    await stored(fhir)
    found = (await fhir.get("ValueSet/lung/$expand?includeDefinition=true")).json()
    assert found["compose"] == WHOLE["compose"]


async def test_versions_of_a_system_are_chosen(fhir):
    await stored(fhir)
    old = code_system([coded("J18", "Old pneumonia")], ICD, version="1")
    await put(fhir, "CodeSystem", "old", **old)
    assert len(listed(await fhir.get("ValueSet/lung/$expand"))) == 5
    for name in ("system-version", "check-system-version", "force-system-version"):
        found = await fhir.get(f"ValueSet/lung/$expand?{name}={ICD}|1")
        assert contains(found, "J18")["display"] == "Old pneumonia"
        assert ("version", f"{ICD}|1") in told(found)
    fixed = value_set("fixed", clause(ICD, version="2"))
    body = [{"name": "valueSet", "resource": fixed}]
    one = f"{ICD}|1"
    default = {"name": "system-version", "valueCanonical": one}
    found = await fhir.post("ValueSet/$expand", parameters(*body, default))
    assert contains(found, "J18")["version"] == "2"
    forced = {"name": "force-system-version", "valueCanonical": one}
    assert listed(await fhir.post("ValueSet/$expand", parameters(*body, forced))) == ["J18"]
    check = {"name": "check-system-version", "valueCanonical": one}
    refused = await fhir.post("ValueSet/$expand", parameters(*body, check))
    assert refused.status_code == 422
    assert "of version '2', not '1'" in issues(refused)[0]["diagnostics"]


async def test_r4s_own_have_displays(fhir):
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    found = await fhir.get(f"ValueSet/$expand?url={url}")
    assert [one["display"] for one in found.json()["expansion"]["contains"]][:2] == [
        "Male",
        "Female",
    ]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (f"$expand?url={SET}none", 404, "not-found"),
        ("none/$expand", 404, "not-found"),
        ("$expand", 400, "required"),
        (f"$expand?url={SET}lung&count=-1", 400, "value"),
        (f"$expand?url={SET}lung&colour=red", 400, "not-supported"),
        (f"$expand?url={SET}lung&system-version={ICD}", 400, "value"),
        ("$expand?url=http://hl7.org/fhir/ValueSet/condition-code", 422, "not-found"),
        (f"$expand?url={SET}lung&filter={'x' * 201}", 400, "too-costly"),
        (f"$expand?url={SET}self", 422, "processing"),
        (f"$expand?url={SET}missing", 422, "not-found"),
    ],
)
async def test_what_cannot_be_expanded_says_why(fhir, asked, status, code):
    await stored(fhir)
    await put(fhir, "ValueSet", "self", **value_set("self", clause(None, valueSet=[f"{SET}self"])))
    await put(fhir, "ValueSet", "missing", **value_set("missing", clause("http://example.org/x")))
    refused = await fhir.get(f"ValueSet/{asked}")
    assert (refused.status_code, issues(refused)[0]["code"]) == (status, code)


async def test_a_deleted_value_set_is_gone(fhir):
    await stored(fhir)
    await fhir.delete("ValueSet/lung")
    assert (await fhir.get("ValueSet/lung/$expand")).status_code == 410


async def test_more_codes_than_are_told_at_once_are_asked_for_in_pages(fhir, monkeypatch):
    many = code_system([{"code": str(number)} for number in range(10_020)], ICD)
    body = value_set("many", clause(ICD))
    await put(fhir, "CodeSystem", "icd", **many)
    refused = await fhir.post("ValueSet/$expand", body)
    assert (refused.status_code, issues(refused)[0]["code"]) == (422, "too-costly")
    page = parameters(
        {"name": "valueSet", "resource": body},
        {"name": "count", "valueInteger": 20_000},
        {"name": "offset", "valueInteger": 10_018},
    )
    assert listed(await fhir.post("ValueSet/$expand", page)) == ["10018", "10019"]
    monkeypatch.setattr(operation, "MAX_CODES", 100)
    bomb = await fhir.post("ValueSet/$expand", page)
    assert (bomb.status_code, issues(bomb)[0]["code"]) == (422, "too-costly")


async def test_a_value_set_that_is_not_well_made_is_refused(fhir):
    bad = value_set("bad", clause(ICD)) | {"status": 1}
    assert (await fhir.post("ValueSet/$expand", bad)).status_code == 422
