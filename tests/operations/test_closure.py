"""$closure: a table of which codes subsume which."""

import pytest

from fhir_server.operations import closure as operation
from fhir_server.store import closures
from fhir_server.terminology import closure_table
from tests.client import issues
from tests.operations.lung import ICD, stored
from tests.operations.persons import parameters


def asked(*codes, version=None, name="problems", system=ICD):
    given = [{"name": "name", "valueString": name}] if name else []
    given += [
        {"name": "concept", "valueCoding": {"system": system, "code": code}} for code in codes
    ]
    if version is not None:
        given.append({"name": "version", "valueString": version})
    return parameters(*given)


def entries(response):
    """Give version and (code, equivalence, target)."""
    assert response.status_code == 200, response.text
    found = response.json()
    assert found["resourceType"] == "ConceptMap"
    return found["version"], [
        (element["code"], target["equivalence"], target.get("code"))
        for group in found.get("group", ())
        for element in group["element"]
        for target in element["target"]
    ]


async def closed(fhir, *codes, **more):
    return await fhir.post("$closure", asked(*codes, **more))


async def test_a_table_is_begun_and_grows(fhir):
    await stored(fhir)
    assert entries(await closed(fhir)) == ("0", [])
    assert entries(await closed(fhir, "J18.9", "J12")) == ("1", [])
    assert entries(await closed(fhir, "J")) == (
        "2",
        [("J18.9", "subsumes", "J"), ("J12", "subsumes", "J")],
    )
    assert entries(await closed(fhir, "J18")) == (
        "3",
        [("J18.9", "subsumes", "J18"), ("J18", "subsumes", "J")],
    )
    assert entries(await closed(fhir, "J18")) == ("4", [])


async def test_entries_since_a_version_are_told_again(fhir):
    await stored(fhir)
    await closed(fhir)
    for code in ("J18.9", "J", "J18"):
        await closed(fhir, code)
    later = [("J18.9", "subsumes", "J18"), ("J18", "subsumes", "J")]
    assert entries(await closed(fhir, version="2")) == ("3", later)
    assert entries(await closed(fhir, version="3")) == ("3", [])
    assert sorted(entries(await closed(fhir, version="0"))[1]) == sorted(
        [("J18.9", "subsumes", "J"), *later]
    )


async def test_a_name_alone_begins_anew_and_names_stand_apart(fhir):
    await stored(fhir)
    await closed(fhir)
    await closed(fhir, name="others")
    await closed(fhir, "J18")
    assert entries(await closed(fhir, "J", name="others")) == ("1", [])
    assert entries(await closed(fhir)) == ("0", [])
    assert entries(await closed(fhir, "J")) == ("1", [])


async def test_a_code_that_is_not_here_is_unmatched(fhir):
    await stored(fhir)
    await closed(fhir)
    found = await closed(fhir, "J77")
    assert entries(found) == ("1", [("J77", "unmatched", None)])
    other = await closed(fhir, "1", system="http://example.org/none")
    assert entries(other) == ("2", [("1", "unmatched", None)])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (asked("J18", name="none"), 404, "not-found"),
        (asked("J18", version="0"), 400, "invalid"),
        (asked(name=""), 400, "required"),
        (asked(name="x" * 201), 400, "required"),
        (asked("", system=ICD), 422, None),
        (asked(version="7"), 400, "value"),
        (asked(version="x"), 400, "value"),
        (asked(version="9" * 5_000), 400, "value"),
        (asked("J18", system=""), 422, None),
        (parameters({"name": "name", "valueString": "problems"},
                    {"name": "concept", "valueCoding": {"code": "J"}}), 400, "required"),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_says_why(fhir, body, status, code):
    await closed(fhir)
    refused = await fhir.post("$closure", body)
    assert refused.status_code == status, refused.text
    assert code in (None, issues(refused)[0]["code"])


async def test_a_table_and_their_number_are_bounded(fhir, monkeypatch):
    await closed(fhir)
    monkeypatch.setattr(operation, "MAX_CONCEPTS", 2)
    refused = await closed(fhir, "a", "b", "c")
    assert (refused.status_code, issues(refused)[0]["code"]) == (422, "too-costly")
    monkeypatch.setattr(closures, "MOST_TABLES", 1)
    refused = await closed(fhir, name="another")
    assert (refused.status_code, issues(refused)[0]["code"]) == (422, "too-costly")
    assert (await closed(fhir)).status_code == 200


async def test_entries_told_at_once_are_bounded(fhir, monkeypatch):
    await stored(fhir)
    await closed(fhir)
    monkeypatch.setattr(closure_table, "MAX_ENTRIES", 1)
    refused = await closed(fhir, "J", "J18", "J12")
    assert (refused.status_code, issues(refused)[0]["code"]) == (422, "too-costly")


async def test_a_table_is_only_changed_by_post(fhir):
    assert (await fhir.get("$closure?name=problems")).status_code == 405
