"""$validate-code of ValueSet and CodeSystem: a row for each way to ask, and each answer."""

import pytest

from tests.client import issues
from tests.operations.lung import ICD, outputs, stored
from tests.operations.persons import parameters, put
from tests.terminology.systems import SET, clause, value_set

SNOMED, UCUM = "http://snomed.info/sct", "http://unitsofmeasure.org"
GENDER = "http://hl7.org/fhir/ValueSet/administrative-gender"


def coding(code="J18", system=ICD, **more):
    return {"system": system, "code": code, **more}


@pytest.mark.parametrize(
    ("asked", "result", "told", "display"),
    [
        (f"code=J18&system={ICD}", True, None, "Pneumonia"),
        ("code=J18", True, None, "Pneumonia"),
        (f"code=J18&system={ICD}&displayLanguage=vi", True, None, "Viêm phổi"),
        (f"code=J18&system={ICD}&display=pneumonia", True, None, "Pneumonia"),
        (f"code=J18&system={ICD}&display=Viêm phổi", True, None, "Pneumonia"),
        (f"code=J18&system={ICD}&display=Viem phoi", False, "display", "Pneumonia"),
        (f"code=J19&system={ICD}", False, "is not in", None),
        ("code=J19", False, "is not in", None),
        (f"code=J99&system={ICD}", True, "inactive", "Old"),
        (f"code=J&system={ICD}", True, None, "Respiratory diseases"),
        (f"code=J&system={ICD}&abstract=true", True, None, "Respiratory diseases"),
        (f"code=J&system={ICD}&abstract=false", False, "abstract", "Respiratory diseases"),
        (f"code=J18&system={ICD}&systemVersion=2", True, None, "Pneumonia"),
        (f"code=J18&system={ICD}&systemVersion=1", False, "not known here", None),
        ("code=J18&system=http://example.org/other", False, "is not in", None),
    ],
)
async def test_a_code_is_judged_in_a_value_set(fhir, asked, result, told, display):
    await stored(fhir)
    for path in (f"ValueSet/$validate-code?url={SET}lung&", "ValueSet/lung/$validate-code?"):
        found = outputs(await fhir.get(path + asked))
        assert (found["result"], found.get("display")) == (result, display)
        assert (told or "") in found.get("message", "")
        assert (told is None) == ("message" not in found)


@pytest.mark.parametrize(
    ("given", "result", "told"),
    [
        ({"name": "coding", "valueCoding": coding()}, True, None),
        ({"name": "coding", "valueCoding": coding(display="Flu")}, False, "'Pneumonia' is."),
        (
            {
                "name": "codeableConcept",
                "valueCodeableConcept": {
                    "coding": [coding("x", "http://example.org/other"), coding()]
                },
            },
            True,
            "not in",
        ),
        (
            {"name": "codeableConcept", "valueCodeableConcept": {"coding": [coding("x")]}},
            False,
            "is not in",
        ),
    ],
)
async def test_a_coding_and_a_codeable_concept_are_judged(fhir, given, result, told):
    await stored(fhir)
    url = {"name": "url", "valueUri": f"{SET}lung"}
    found = outputs(await fhir.post("ValueSet/$validate-code", parameters(url, given)))
    assert found["result"] is result
    assert (told or "") in found.get("message", "")
    in_system = parameters(given, {"name": "url", "valueUri": ICD})
    found = outputs(await fhir.post("CodeSystem/$validate-code", in_system))
    assert found["result"] is result


async def test_a_value_set_may_be_sent_along(fhir):
    listed = clause(SNOMED, concept=[{"code": "1", "display": "One"}])
    body = [
        {"name": "valueSet", "resource": value_set("own", listed)},
        {"name": "coding", "valueCoding": coding("1", SNOMED)},
    ]
    found = outputs(await fhir.post("ValueSet/$validate-code", parameters(*body)))
    assert found == {"result": True, "display": "One"}


async def test_a_code_in_two_systems_needs_its_system(fhir):
    both = value_set("both", clause(ICD, ["1"]), clause("http://example.org/b", ["1"]))
    await put(fhir, "ValueSet", "both", **both)
    found = outputs(await fhir.get("ValueSet/both/$validate-code?code=1"))
    assert (found["result"], "of which system" in found["message"]) == (False, True)


async def test_codes_that_are_not_here_cannot_be_told(fhir):
    await put(fhir, "ValueSet", "any", **value_set("any", clause(SNOMED)))
    found = outputs(await fhir.get(f"ValueSet/any/$validate-code?code=1&system={SNOMED}"))
    assert (found["result"], "not all codes of" in found["message"]) == (False, True)


@pytest.mark.parametrize(
    ("system", "code", "result"),
    [
        (UCUM, "mg/dL", True),
        (UCUM, "[pH]", True),
        (UCUM, "mg/nonsense", False),
        ("urn:ietf:bcp:13", "application/pdf", True),
        ("urn:ietf:bcp:13", "pdf", False),
        ("urn:ietf:bcp:47", "vi-VN", True),
        ("urn:ietf:bcp:47", "vi_VN", False),
    ],
)
async def test_systems_of_a_grammar_are_judged_by_it(fhir, system, code, result):
    await put(fhir, "ValueSet", "any", **value_set("any", clause(system)))
    asked = f"code={code}&system={system}"
    assert outputs(await fhir.get(f"ValueSet/any/$validate-code?{asked}"))["result"] is result
    asked = f"code={code}&url={system}"
    assert outputs(await fhir.get(f"CodeSystem/$validate-code?{asked}"))["result"] is result


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        ("code=J18", True),
        ("code=J18&version=2", True),
        ("code=J18&display=Viêm phổi do virus", False),
        ("code=J18&abstract=false", True),
        ("code=J&abstract=false", False),
        ("code=J77", False),
    ],
)
async def test_a_code_is_judged_in_a_system(fhir, asked, result):
    await stored(fhir)
    found = outputs(await fhir.get(f"CodeSystem/$validate-code?url={ICD}&{asked}"))
    assert found["result"] is result
    assert outputs(await fhir.get(f"CodeSystem/icd/$validate-code?{asked}"))["result"] is result


async def test_a_system_without_case_finds_codes_in_any(fhir):
    system = {
        "resourceType": "CodeSystem", "url": "http://example.org/c", "status": "active",
        "content": "complete", "caseSensitive": False, "concept": [{"code": "Ab", "display": "x"}],
    }  # fmt: skip
    body = [
        {"name": "codeSystem", "resource": system},
        {"name": "code", "valueCode": "aB"},
    ]
    found = outputs(await fhir.post("CodeSystem/$validate-code", parameters(*body)))
    assert found == {"result": True, "display": "x"}
    other = parameters(
        {"name": "codeSystem", "resource": system | {"caseSensitive": True}}, body[1]
    )
    assert outputs(await fhir.post("CodeSystem/$validate-code", other))["result"] is False


async def test_a_coding_names_its_system_and_another_is_wrong(fhir):
    await stored(fhir)
    given = {"name": "coding", "valueCoding": coding()}
    assert outputs(await fhir.post("CodeSystem/$validate-code", parameters(given)))["result"]
    url = {"name": "url", "valueUri": "http://hl7.org/fhir/administrative-gender"}
    found = outputs(await fhir.post("CodeSystem/$validate-code", parameters(url, given)))
    assert (found["result"], "The code is of" in found["message"]) == (False, True)


async def test_r4s_own_are_judged(fhir):
    asked = "code=male&system=http://hl7.org/fhir/administrative-gender"
    found = outputs(await fhir.get(f"ValueSet/$validate-code?url={GENDER}&{asked}"))
    assert found == {"result": True, "display": "Male"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"ValueSet/$validate-code?url={SET}none&code=1", 404, "not-found"),
        ("ValueSet/none/$validate-code?code=1", 404, "not-found"),
        ("CodeSystem/$validate-code?url=http://example.org/none&code=1", 404, "not-found"),
        (f"ValueSet/$validate-code?url={SET}lung", 400, "required"),
        ("ValueSet/$validate-code?code=J18", 400, "required"),
        (f"ValueSet/$validate-code?url={SET}self&code=1", 422, "processing"),
        (f"ValueSet/$validate-code?url={SET}lung&display=x", 400, "required"),
    ],
)
async def test_what_cannot_be_asked_says_why(fhir, path, status, code):
    await stored(fhir)
    await put(fhir, "ValueSet", "self", **value_set("self", clause(None, valueSet=[f"{SET}self"])))
    refused = await fhir.get(path)
    assert (refused.status_code, issues(refused)[0]["code"]) == (status, code)


async def test_a_code_is_asked_in_one_form(fhir):
    body = parameters(
        {"name": "url", "valueUri": GENDER},
        {"name": "code", "valueCode": "male"},
        {"name": "coding", "valueCoding": coding()},
    )
    assert (await fhir.post("ValueSet/$validate-code", body)).status_code == 400
    many = {"coding": [coding(str(number)) for number in range(21)]}
    body = parameters(
        {"name": "url", "valueUri": GENDER},
        {"name": "codeableConcept", "valueCodeableConcept": many},
    )
    assert issues(await fhir.post("ValueSet/$validate-code", body))[0]["code"] == "too-costly"
