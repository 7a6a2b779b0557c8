"""ConceptMap/$translate: a row for each way to ask, and each kind of match."""

import pytest

from tests.client import issues
from tests.operations.lung import outputs
from tests.operations.persons import parameters, put

A, B, C = (f"http://example.org/{name}" for name in "abc")
MAPS = "http://example.org/maps/"
SETS = "http://example.org/sets/"


def to(code, equivalence="equivalent", **more):
    return {"code": code, "equivalence": equivalence, **more}


def concept_map(name, *groups, **more):
    return {
        "resourceType": "ConceptMap",
        "url": f"{MAPS}{name}",
        "status": "active",
        "group": list(groups),
        **more,
    }


def group(source, target, unmapped=None, **elements):
    found = {
        "source": source,
        "target": target,
        "element": [{"code": code, "target": rows} for code, rows in elements.items()],
    }
    return found | ({"unmapped": unmapped} if unmapped else {})


SEX = [{"property": f"{A}/sex", "system": C, "value": "f"}]
MAIN = concept_map(
    "main",
    group(
        A,
        B,
        one=[to("1", display="One")],
        two=[to("2", "wider"), to("3", "narrower", comment="A part of it.")],
        none=[{"equivalence": "unmatched"}],
        apart=[to("9", "disjoint")],
        sex=[to("4", dependsOn=SEX, product=SEX)],
    ),
    sourceUri=f"{SETS}a",
    targetUri=f"{SETS}b",
    version="1",
)


async def stored(fhir):
    await put(fhir, "ConceptMap", "main", **MAIN)
    await put(fhir, "ConceptMap", "other", **concept_map("other", group(A, C, one=[to("eins")])))


def told(response):
    """Give result and, for each match: equivalence, code, map."""
    found = response.json()["parameter"]
    rows = [one["part"] for one in found if one["name"] == "match"]
    told_ = []
    for row in rows:
        by_name = {one["name"]: one for one in row}
        code = by_name.get("concept", {}).get("valueCoding", {}).get("code")
        url = by_name.get("source", {}).get("valueUri", "").removeprefix(MAPS)
        told_.append((by_name["equivalence"]["valueCode"], code, url))
    return outputs(response)["result"], told_


ONE = ("equivalent", "1", "main")


@pytest.mark.parametrize(
    ("asked", "result", "matches"),
    [
        (f"url={MAPS}main&code=one&system={A}", True, [ONE]),
        (f"url={MAPS}main&conceptMapVersion=1&code=one&system={A}", True, [ONE]),
        (
            f"url={MAPS}main&code=two&system={A}",
            True,
            [("wider", "2", "main"), ("narrower", "3", "main")],
        ),
        (f"url={MAPS}main&code=none&system={A}", False, [("unmatched", None, "main")]),
        (f"url={MAPS}main&code=apart&system={A}", False, [("disjoint", "9", "main")]),
        (f"url={MAPS}main&code=absent&system={A}", False, []),
        (f"url={MAPS}main&code=one&system={B}", False, []),
        (f"code=one&system={A}", True, [ONE, ("equivalent", "eins", "other")]),
        (f"code=one&system={A}&targetsystem={B}", True, [ONE]),
        (f"code=one&system={A}&target={SETS}b&source={SETS}a&targetsystem={B}", True, [ONE]),
        (f"code=one&system={A}&source={SETS}z&targetsystem={B}", False, []),
        (f"code=2&system={B}&reverse=true", True, [("narrower", "two", "main")]),
        (f"code=2&system={B}&reverse=true&source={SETS}b", True, [("narrower", "two", "main")]),
        (f"code=2&system={B}&reverse=true&targetsystem={C}", False, []),
    ],
)
async def test_a_code_is_translated(fhir, asked, result, matches):
    await stored(fhir)
    found = await fhir.get(f"ConceptMap/$translate?{asked}")
    assert found.status_code == 200, found.text
    rows = told(found)
    assert (rows[0], sorted(rows[1], key=str)) == (result, sorted(matches, key=str))
    assert ("message" in outputs(found)) != result


async def test_a_map_is_named_by_its_id_or_sent_along(fhir):
    await stored(fhir)
    asked = f"code=one&system={A}"
    assert told(await fhir.get(f"ConceptMap/main/$translate?{asked}")) == (True, [ONE])
    body = parameters(
        {"name": "conceptMap", "resource": concept_map("own", group(A, B, one=[to("x")]))},
        {"name": "coding", "valueCoding": {"system": A, "code": "one"}},
    )
    found = await fhir.post("ConceptMap/$translate", body)
    assert told(found) == (True, [("equivalent", "x", "own")])


async def test_every_coding_of_a_concept_is_translated(fhir):
    await stored(fhir)
    codings = [{"system": A, "code": "one"}, {"system": A, "code": "two"}]
    body = parameters({"name": "codeableConcept", "valueCodeableConcept": {"coding": codings}})
    assert len(told(await fhir.post("ConceptMap/main/$translate", body))[1]) == 3


async def test_a_match_that_depends_on_another_value_needs_it(fhir):
    await stored(fhir)
    asked = [{"name": "coding", "valueCoding": {"system": A, "code": "sex"}}]
    found = await fhir.post("ConceptMap/main/$translate", parameters(*asked))
    assert told(found) == (False, [])
    assert "dependency: http://example.org/a/sex" in outputs(found)["message"]
    for code, result in (("f", True), ("m", False)):
        concept = {"coding": [{"system": C, "code": code}]}
        dependency = {
            "name": "dependency",
            "part": [
                {"name": "element", "valueUri": f"{A}/sex"},
                {"name": "concept", "valueCodeableConcept": concept},
            ],
        }
        found = await fhir.post("ConceptMap/main/$translate", parameters(*asked, dependency))
        assert told(found)[0] is result
    assert "product" not in str(told(found))


async def test_a_product_comes_with_its_match(fhir):
    row = to("1", product=[{"property": f"{A}/side", "system": C, "value": "left"}])
    await put(fhir, "ConceptMap", "p", **concept_map("p", group(A, B, one=[row])))
    found = outputs(await fhir.get(f"ConceptMap/p/$translate?code=one&system={A}"))
    (product,) = [one for one in found["match"] if one["name"] == "product"]
    assert product["part"] == [
        {"name": "element", "valueUri": f"{A}/side"},
        {"name": "concept", "valueCoding": {"system": C, "code": "left"}},
    ]


@pytest.mark.parametrize(
    ("unmapped", "matches"),
    [
        ({"mode": "provided"}, [("inexact", "x", "u")]),
        ({"mode": "fixed", "code": "other"}, [("inexact", "other", "u")]),
        ({"mode": "other-map", "url": f"{MAPS}last"}, [("equivalent", "7", "last")]),
        ({"mode": "other-map", "url": f"{MAPS}u"}, []),
        ({"mode": "other-map", "url": f"{MAPS}none"}, []),
    ],
)
async def test_what_is_not_mapped_goes_where_the_map_says(fhir, unmapped, matches):
    await put(fhir, "ConceptMap", "u", **concept_map("u", group(A, B, unmapped, one=[to("1")])))
    await put(fhir, "ConceptMap", "last", **concept_map("last", group(A, B, x=[to("7")])))
    found = await fhir.get(f"ConceptMap/u/$translate?code=x&system={A}")
    assert told(found) == (bool(matches), matches)


async def test_r4s_own_maps_are_asked_and_name_what_they_find(fhir):
    system = "http://hl7.org/fhir/administrative-gender"
    target = "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender"
    asked = f"code=female&system={system}&targetsystem={target}"
    found = outputs(await fhir.get(f"ConceptMap/$translate?{asked}"))
    (coding,) = [one["valueCoding"] for one in found["match"] if one["name"] == "concept"]
    assert (coding["code"], coding["display"]) == ("F", "Female")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (f"url={MAPS}none&code=1&system={A}", 404, "not-found"),
        ("code=1", 400, "required"),
        (f"system={A}", 400, "required"),
        (f"code=1&system={A}&colour=red", 400, "not-supported"),
        (f"code=1&system={A}&dependency=x", 400, "invalid"),
    ],
)
async def test_what_cannot_be_translated_says_why(fhir, asked, status, code):
    refused = await fhir.get(f"ConceptMap/$translate?{asked}")
    assert (refused.status_code, issues(refused)[0]["code"]) == (status, code)
    assert (await fhir.get(f"ConceptMap/none/$translate?code=1&system={A}")).status_code == 404
