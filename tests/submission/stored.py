"""What a test asks of the server: submit an envelope, then look at everything that is stored."""

from fhir_server.fhir import json
from fhir_server.fhir.reference import references
from fhir_server.search.condition import Everything
from fhir_server.store.owner import FIELD
from fhir_server.validation.structure import structural_issues
from tests.client import issues

XML = {"Content_Type": "application/xml"}


async def submit(fhir, body, query=""):
    return await fhir.post(f"$submit-document{query}", body, **XML)


async def submitted(fhir, body):
    """Submit an envelope that is stored; give what was told, one text after the other."""
    response = await submit(fhir, body)
    assert response.status_code == 200, response.text
    return texts(response)


def texts(response):
    return [issue["diagnostics"] for issue in issues(response)]


async def everything(fhir):
    """Give every current resource by `Type/id`."""
    found = {}
    store, allow = fhir.context.store, Everything()
    for type_ in await store.collections() & set(fhir.context.spec.types):
        page = await store.search(allow, type_, allow, limit=5_000)
        assert not page.more
        found |= {f"{type_}/{row.id}": json.parse_object(row.body) for row in page.found}
    return found


async def of_type(fhir, type_):
    """Give the current resources of one type."""
    every = await everything(fhir)
    return [one for reference, one in every.items() if reference.startswith(f"{type_}/")]


async def only(fhir, type_):
    (one,) = await of_type(fhir, type_)
    return one


def versions(resources):
    return {name: one["meta"]["versionId"] for name, one in resources.items()}


def dangling(resources):
    """Give every reference that leads to nothing stored."""
    return [
        (name, place, text)
        for name, resource in resources.items()
        for place, text in references(resource)
        if not text.startswith("#") and text.partition("/_history/")[0] not in resources
    ]


def faults(fhir, resources):
    """Give what is not well made."""
    found = {name: structural_issues(fhir.context.spec, one) for name, one in resources.items()}
    return {name: told for name, told in found.items() if told}


def said(resource):
    """Give a resource without what the server says of its version."""
    return {name: value for name, value in resource.items() if name != "meta"}


def values(resource, system):
    """Give the values of the identifiers whose system ends so."""
    return [
        one["value"]
        for one in resource.get("identifier", ())
        if one.get("system", "").endswith(system)
    ]


async def as_stored(fhir):
    """Give every current resource by `Type/id`: its exact bytes, and whose submission made it."""
    database, found = fhir.context.store.database, {}
    for type_ in await fhir.context.store.collections() & set(fhir.context.spec.types):
        for row in await database[type_].find().to_list():
            found[f"{type_}/{row['_id']}"] = row["body"], row.get(FIELD)
    return found
