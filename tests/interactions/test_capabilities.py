"""The CapabilityStatement cannot lie: it is held against the tables and the parser."""

from zoneinfo import ZoneInfo

from fhir_server.interactions import table
from fhir_server.search.parse import parse
from fhir_server.validation.structure import structural_issues

VALUES = {
    "date": "2026-01-01",
    "reference": "Patient/1",
    "string": "x",
    "token": "x",
}


async def statement(fhir):
    answer = await fhir.get("metadata")
    assert answer.status_code == 200
    return answer.json()


async def test_it_is_a_well_made_resource_of_the_right_version(fhir, spec):
    told = await statement(fhir)
    assert structural_issues(spec, told) == []
    assert told["fhirVersion"] == "4.0.1"


async def test_every_type_of_the_definitions_is_declared(fhir, spec):
    (rest,) = (await statement(fhir))["rest"]
    assert [resource["type"] for resource in rest["resource"]] == sorted(spec.types)
    assert len(rest["resource"]) == 146


async def test_every_interaction_declared_has_a_route_and_every_route_is_declared(fhir):
    (rest,) = (await statement(fhir))["rest"]
    routed = {row.code for row in table.build(()).rows} - {"capabilities"}
    declared = {one["code"] for one in rest["interaction"]} - {"batch"}
    for resource in rest["resource"]:
        assert declared | {one["code"] for one in resource["interaction"]} == routed


async def test_every_search_parameter_declared_is_understood(fhir, spec):
    (rest,) = (await statement(fhir))["rest"]
    tried = 0
    for resource in rest["resource"]:
        for param in resource["searchParam"]:
            parse(
                spec,
                resource["type"],
                [(param["name"], VALUES[param["type"]])],
                base_urls=(),
                zone=ZoneInfo("UTC"),
                strict=True,
                default_count=1,
                max_count=1,
            )
            tried += 1
    assert tried > 2000


async def test_it_need_not_be_sent_again(fhir):
    first = await fhir.get("metadata")
    again = await fhir.get("metadata", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
