"""The packages of this start are ImplementationGuides of the base; those of the last are not."""

import asyncio

from fhir_server.interactions.guides import listed

GUIDE = {
    "resourceType": "ImplementationGuide",
    "url": "http://example.org/ImplementationGuide/a",
    "name": "A",
    "status": "active",
    "packageId": "a.guide",
    "fhirVersion": ["4.0.1"],
}


async def found(fhir):
    entries = (await fhir.get("ImplementationGuide")).json().get("entry", ())
    return {one["resource"]["id"]: one["resource"]["meta"]["versionId"] for one in entries}


async def test_packages_are_listed_once_and_removed_when_they_are_gone(fhir):
    own = {**GUIDE, "id": "own", "url": "http://example.org/own"}
    await fhir.put("ImplementationGuide/own", own)
    await listed(fhir.context, {"a.guide#1.0.0": GUIDE, "b#2": GUIDE | {"name": "B"}})
    await listed(fhir.context, {"a.guide#1.0.0": GUIDE, "b#2": GUIDE | {"name": "B"}})
    assert await found(fhir) == {"own": "1", "a.guide-1.0.0": "1", "b-2": "1"}
    await listed(fhir.context, {"a.guide#1.0.0": GUIDE | {"name": "New"}})
    assert await found(fhir) == {"own": "1", "a.guide-1.0.0": "2"}


async def test_processes_that_start_together_list_a_package_once(fhir):
    guides = {f"g{n}#1": GUIDE for n in range(5)}
    await asyncio.gather(*(listed(fhir.context, guides) for _ in range(4)))
    assert await found(fhir) == {f"g{n}-1": "1" for n in range(5)}
