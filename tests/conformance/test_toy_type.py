"""A custom resource type is JSON: no code changes for it to be created, searched and checked."""

import json
from uuid import uuid4

import pytest

from fhir_server.spec.spec import load
from fhir_server.store.store import Store
from tests.client import health, issues

R4 = "http://hl7.org/fhir/StructureDefinition/"
OURS = "http://example.org/fhir"
TOY = {
    "resourceType": "StructureDefinition",
    "url": f"{OURS}/StructureDefinition/Toy",
    "name": "Toy",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Toy",
    "baseDefinition": f"{R4}DomainResource",
    "derivation": "specialization",
    "differential": {
        "element": [
            {
                "path": "Toy",
                "constraint": [
                    {
                        "key": "toy-1",
                        "severity": "error",
                        "human": "Only red toys have an owner",
                        "expression": "owner.exists() implies colour = 'red'",
                    }
                ],
            },
            {
                "path": "Toy.colour",
                "min": 1,
                "max": "1",
                "type": [{"code": "code"}],
                "binding": {
                    "strength": "required",
                    "valueSet": f"{OURS}/ValueSet/colours",
                },
            },
            {
                "path": "Toy.owner",
                "min": 0,
                "max": "1",
                "type": [{"code": "Reference", "targetProfile": [f"{R4}Patient"]}],
            },
            {"path": "Toy.part", "min": 0, "max": "*", "type": [{"code": "BackboneElement"}]},
            {
                "path": "Toy.part.size[x]",
                "min": 0,
                "max": "1",
                "type": [{"code": "Quantity"}, {"code": "string"}],
            },
            {"path": "Toy.bought", "min": 0, "max": "1", "type": [{"code": "date"}]},
        ]
    },
}
COLOURS = {
    "resourceType": "ValueSet",
    "url": f"{OURS}/ValueSet/colours",
    "status": "active",
    "compose": {
        "include": [
            {"system": f"{OURS}/colours", "concept": [{"code": "red"}, {"code": "blue"}]},
        ]
    },
}


def parameter(code, type_, expression, **more):
    return {
        "resourceType": "SearchParameter",
        "url": f"{OURS}/SearchParameter/Toy-{code}",
        "name": code,
        "status": "active",
        "code": code,
        "base": ["Toy"],
        "type": type_,
        "expression": expression,
        **more,
    }


DEFINITIONS = (
    TOY,
    COLOURS,
    parameter("colour", "token", "Toy.colour"),
    parameter("owner", "reference", "Toy.owner", target=["Patient"]),
    parameter("bought", "date", "Toy.bought"),
)


@pytest.fixture(scope="module")
def toy_spec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("definitions")
    for number, definition in enumerate(DEFINITIONS):
        (folder / f"{number}.json").write_text(json.dumps(definition))
    spec = load([folder])
    spec.check()
    return spec


@pytest.fixture
async def fhir(mongodb_uri, toy_spec):
    store = Store.open(mongodb_uri, f"test_{uuid4().hex}")
    await store.prepare()
    async with health(store, toy_spec) as client:
        yield client
    await store.database.client.drop_database(store.database.name)
    await store.close()


def toy(colour="red", **more):
    return {"resourceType": "Toy", "colour": colour, **more}


async def test_a_toy_is_created_read_changed_and_deleted(fhir):
    made = await fhir.post("Toy", toy(part=[{"sizeQuantity": {"value": 3, "unit": "cm"}}]))
    assert made.status_code == 201, made.text
    path = f"Toy/{made.json()['id']}"
    assert (await fhir.get(path)).json()["part"] == [{"sizeQuantity": {"value": 3, "unit": "cm"}}]
    changed = await fhir.put(path, {**made.json(), "colour": "blue"})
    assert (changed.status_code, changed.json()["meta"]["versionId"]) == (200, "2")
    assert (await fhir.delete(path)).status_code == 204
    assert (await fhir.get(path)).status_code == 410


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("colour=red", {"a", "b", "c"}),
        ("colour=red&owner=Patient/p1", {"a"}),
        ("owner:Patient=p2", {"c"}),
        ("bought=ge2025", {"b", "c"}),
        ("colour:not=red", {"d"}),
    ],
)
async def test_toys_are_found_by_their_own_search_parameters(fhir, query, found):
    await fhir.put("Patient/p1", {"resourceType": "Patient", "id": "p1"})
    await fhir.put("Patient/p2", {"resourceType": "Patient", "id": "p2"})
    for identity, one in {
        "a": toy(owner={"reference": "Patient/p1"}, bought="2024-03"),
        "b": toy(bought="2025-03-01"),
        "c": toy("red", owner={"reference": "Patient/p2"}, bought="2026"),
        "d": toy("blue"),
    }.items():
        put = await fhir.put(f"Toy/{identity}", {**one, "id": identity})
        assert put.status_code == 201, put.text
    answer = (await fhir.get(f"Toy?{query}")).json()
    assert {entry["resource"]["id"] for entry in answer.get("entry", [])} == found


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"resourceType": "Toy"}, "Toy.colour"),
        (toy(["red"]), "Toy.colour"),
        (toy("green"), "Toy.colour"),
        (toy(wheels=4), "Toy.wheels"),
        (toy(bought="soon"), "Toy.bought"),
        (toy("blue", owner={"display": "x"}), "Toy"),
        (toy(owner={"reference": "Organization/1"}), "Toy.owner"),
        (toy(text={"status": "generated", "div": "<div><script>x</script></div>"}), "Toy.text.div"),
        (toy(contained=[{"resourceType": "Patient", "id": "a"}]), "Toy.contained[0]"),
        (toy(part=[{"sizeString": "3", "sizeQuantity": {"value": 3}}]), "Toy.part[0]"),
    ],
)
async def test_a_toy_that_is_not_well_made_is_refused_with_the_place(fhir, wrong, place):
    answer = await fhir.post("Toy", wrong)
    assert answer.status_code in (400, 422), answer.text
    places = [place_ for issue in issues(answer) for place_ in issue.get("expression", [])]
    assert any(one.startswith(place) for one in places), places
    assert await fhir.stored() == 0


async def test_a_toy_stands_in_a_transaction_beside_its_owner(fhir):
    owner = "urn:uuid:8c0a3c2e-6b0e-4a57-9d38-5b9be0a3b0c1"
    answer = await fhir.post(
        "",
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "resource": toy(owner={"reference": owner}),
                    "request": {"method": "POST", "url": "Toy"},
                },
                {
                    "fullUrl": owner,
                    "resource": {"resourceType": "Patient"},
                    "request": {"method": "POST", "url": "Patient"},
                },
            ],
        },
    )
    assert answer.status_code == 200, answer.text
    [entry] = (await fhir.get("Toy")).json()["entry"]
    owned = entry["resource"]["owner"]["reference"]
    assert (await fhir.get(owned)).status_code == 200


async def test_the_capability_statement_declares_it(fhir):
    rest = (await fhir.get("metadata")).json()["rest"][0]
    [declared] = [one for one in rest["resource"] if one["type"] == "Toy"]
    assert {"colour", "owner", "bought"} <= {one["name"] for one in declared["searchParam"]}
    assert {"create", "search-type"} <= {one["code"] for one in declared["interaction"]}


async def test_a_server_without_the_definition_does_not_know_it(store):
    async with health(store, load()) as plain:
        assert (await plain.post("Toy", toy())).status_code == 404
