"""CodeSystem/$subsumes: how two codes relate."""

import pytest

from tests.client import issues
from tests.operations.lung import ICD, outputs, stored
from tests.operations.persons import parameters


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        ("J18", "J18", "equivalent"),
        ("J", "J18.9", "subsumes"),
        ("J18.9", "J", "subsumed-by"),
        ("J12", "J18", "not-subsumed"),
    ],
)
async def test_two_codes_are_compared(fhir, one, other, outcome):
    await stored(fhir)
    asked = f"codeA={one}&codeB={other}"
    for path in (
        f"$subsumes?system={ICD}&",
        f"$subsumes?system={ICD}&version=2&",
        "icd/$subsumes?",
    ):
        found = outputs(await fhir.get(f"CodeSystem/{path}{asked}"))
        assert found == {"outcome": outcome}
    codings = [
        {"name": f"coding{side}", "valueCoding": {"system": ICD, "code": code}}
        for side, code in (("A", one), ("B", other))
    ]
    found = outputs(await fhir.post("CodeSystem/$subsumes", parameters(*codings)))
    assert found == {"outcome": outcome}


async def test_units_are_equivalent_or_not_subsumed(fhir):
    path = "CodeSystem/$subsumes?system=http://unitsofmeasure.org&codeA=mg&codeB="
    assert outputs(await fhir.get(f"{path}mg")) == {"outcome": "equivalent"}
    assert outputs(await fhir.get(f"{path}g")) == {"outcome": "not-subsumed"}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        (f"system={ICD}&codeA=J18&codeB=J77", 404, "not-found"),
        ("system=http://example.org/none&codeA=1&codeB=2", 404, "not-found"),
        ("codeA=J18&codeB=J", 400, "required"),
        (f"system={ICD}&codeA=J18", 400, "required"),
    ],
)
async def test_what_cannot_be_compared_says_why(fhir, asked, status, code):
    await stored(fhir)
    refused = await fhir.get(f"CodeSystem/$subsumes?{asked}")
    assert (refused.status_code, issues(refused)[0]["code"]) == (status, code)


async def test_codes_of_two_systems_are_not_compared(fhir):
    await stored(fhir)
    codings = [
        {"name": "codingA", "valueCoding": {"system": ICD, "code": "J"}},
        {"name": "codingB", "valueCoding": {"system": "http://example.org/b", "code": "J"}},
        {"name": "system", "valueUri": ICD},
    ]
    refused = await fhir.post("CodeSystem/$subsumes", parameters(*codings))
    assert (refused.status_code, issues(refused)[0]["code"]) == (400, "not-supported")
