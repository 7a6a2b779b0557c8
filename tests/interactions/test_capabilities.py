"""The CapabilityStatement cannot lie: it is held against the tables and the parser."""

from urllib.parse import quote

from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions import table
from fhir_server.interactions.capabilities import terminology
from fhir_server.interactions.dispatch import dispatch
from fhir_server.search.parse import parse
from fhir_server.search.place import Place
from fhir_server.validation.structure import structural_issues
from tests.client import issues

VALUES = {
    "_filter": "_id eq x",
    "date": "2026-01-01",
    "number": "1",
    "quantity": "1",
    "reference": "Patient/1",
    "string": "x",
    "token": "x",
    "uri": "http://example.org/x",
    "special": "0|0",
}


def value_of(param):
    """Give a value that can be asked of a parameter; a composite's has its components' types."""
    if param.code in VALUES:
        return VALUES[param.code]
    types = [component.type for component in param.components] or [param.type]
    return "$".join(VALUES[type_] for type_ in types)


async def statement(fhir, mode="full"):
    answer = await fhir.get(f"metadata?mode={mode}")
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
    # A compartment is declared by its definition, not as an interaction.
    routed = {row.code for row in table.build(()).rows} - {"capabilities", "search-compartment"}
    assert rest["compartment"]
    declared = {one["code"] for one in rest["interaction"]} - {"batch"}
    for resource in rest["resource"]:
        assert declared | {one["code"] for one in resource["interaction"]} == routed


async def test_every_search_parameter_declared_is_understood(fhir, spec):
    (rest,) = (await statement(fhir))["rest"]
    tried = 0
    for resource in rest["resource"]:
        for param in resource["searchParam"]:
            value = value_of(spec.search_params(resource["type"])[param["name"]])
            parse(
                spec,
                resource["type"],
                [(param["name"], value)],
                Place(types=spec.types),
                strict=True,
                default_count=1,
                max_count=1,
            )
            tried += 1
    assert tried > 2000


async def test_it_need_not_be_sent_again(fhir):
    first = await fhir.get("metadata")
    for headers in (
        {"If_None_Match": first.headers["etag"]},
        {"If_Modified_Since": first.headers["last-modified"]},
    ):
        again = await fhir.get("metadata", **headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


async def test_every_worker_gives_the_same_etag(fhir, store, spec):
    routes = table.build(())
    tags = set()
    for started in (0, 1_000_000):
        context = fhir.context.but(started=started)
        answer = await dispatch(routes, context, FhirRequest("GET", "metadata"))
        tags.add(dict(answer.headers)["ETag"])
        routes = table.build(())
    assert len(tags) == 1


async def test_what_is_done_without_an_id_is_declared_as_its_row_says(fhir):
    resource = (await statement(fhir))["rest"][0]["resource"][0]
    shapes = table.build(()).by_shape
    assert resource["conditionalRead"] == "full-support"
    assert resource["conditionalCreate"] is True
    assert resource["conditionalUpdate"] is (("PUT", "{type}") in shapes)
    assert (resource["conditionalDelete"] != "not-supported") is (("DELETE", "{type}") in shapes)
    assert ("patch" in {one["code"] for one in resource["interaction"]}) is (
        ("PATCH", "{type}/{id}") in shapes
    )


async def test_the_formats_declared_are_served_and_read(fhir):
    for media_type in (await statement(fhir))["format"]:
        answer = await fhir.get(f"metadata?_format={quote(media_type)}")
        assert answer.status_code == 200, media_type


async def test_an_operation_stands_once_in_each_type_it_is_offered_on(fhir):
    (rest,) = (await statement(fhir))["rest"]
    offered = {resource["type"]: resource.get("operation", []) for resource in rest["resource"]}
    names = [one["name"] for one in offered["Patient"]]
    assert "ehealth-book" in names
    for operations in offered.values():
        listed = [one["name"] for one in operations]
        assert len(listed) == len(set(listed))
    assert "ehealth-book" not in [one["name"] for one in offered["Basic"]]


async def test_the_normative_part_has_the_types_that_are_normative_in_r4(fhir, spec):
    told = await statement(fhir, "normative")
    assert structural_issues(spec, told) == []
    assert [resource["type"] for resource in told["rest"][0]["resource"]] == [
        "Binary", "Bundle", "CapabilityStatement", "CodeSystem", "Observation",
        "OperationDefinition", "OperationOutcome", "Parameters", "Patient", "StructureDefinition",
        "ValueSet",
    ]  # fmt: skip


async def test_the_terminology_mode_promises_no_more_than_there_is(fhir, spec):
    told = await statement(fhir, "terminology")
    assert structural_issues(spec, told) == []
    assert told["resourceType"] == "TerminologyCapabilities"
    assert "codeSystem" not in told
    assert {one["name"] for one in told["expansion"]["parameter"]} > {"filter", "count"}
    assert told["validateCode"] == {"translations": True}
    assert told["translation"] == {"needsMap": True}
    assert told["closure"] == {"translation": False}


async def test_what_is_not_offered_is_not_among_the_terminology_capabilities(fhir):
    told = terminology(table.build(()), fhir.context)
    assert not {"expansion", "validateCode", "translation", "closure"} & set(told)


async def test_a_mode_that_is_not_known_is_refused(fhir):
    answer = await fhir.get("metadata?mode=nonsense")
    assert answer.status_code == 400
    assert "full, normative, terminology" in issues(answer)[0]["diagnostics"]
