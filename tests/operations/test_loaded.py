"""Operations over a code system that is loaded, concept by concept."""

import pytest

from fhir_server.terminology.loading import header, load
from fhir_server.terminology.sources import table
from tests.client import issues
from tests.operations.lung import outputs

URL = "http://example.org/loaded"
LUNG = """code,display,display:vi,parent,inactive,kind
J,Respiratory,Hô hấp,,,chapter
J18,Pneumonia,Viêm phổi,J,,category
J18.9,Pneumonia unspecified,Viêm phổi không xác định,J18,,code
J99,Old,Cũ,J,true,code
"""


@pytest.fixture
async def loaded(fhir, tmp_path):
    path = tmp_path / "lung.csv"
    path.write_text(LUNG, encoding="utf-8")
    source = table.source(path, URL, "1")
    store = fhir.context.store
    done = await load(store.concept_loads, source, replaces=False, told=lambda _: None)
    resource = header(source, done)
    made = await fhir.put(f"CodeSystem/{resource['id']}", resource)
    assert made.status_code == 201, made.text
    value_set = {
        "resourceType": "ValueSet",
        "url": "http://example.org/sets/loaded",
        "status": "active",
        "compose": {
            "include": [
                {
                    "system": URL,
                    "filter": [{"property": "concept", "op": "is-a", "value": "J18"}],
                }
            ]
        },
    }
    assert (await fhir.post("ValueSet", value_set)).status_code == 201
    return fhir, resource["id"]


async def test_every_operation_is_answered_from_the_part_it_is_about(loaded):
    fhir, identity = loaded
    told = outputs(await fhir.get(f"CodeSystem/$lookup?system={URL}&code=J18"))
    assert (told["display"], told["version"]) == ("Pneumonia", "1")
    told = outputs(await fhir.get(f"CodeSystem/$lookup?system={URL}&code=J18&displayLanguage=vi"))
    assert told["display"] == "Viêm phổi"
    assert (await fhir.get(f"CodeSystem/$lookup?system={URL}&code=K")).status_code == 404

    for asked, result in {
        f"CodeSystem/$validate-code?url={URL}&code=J18.9": True,
        f"CodeSystem/$validate-code?url={URL}&code=K": False,
        f"CodeSystem/{identity}/$validate-code?code=J18": True,
        f"ValueSet/$validate-code?url=http://example.org/sets/loaded&system={URL}&code=J18.9": True,
        f"ValueSet/$validate-code?url=http://example.org/sets/loaded&system={URL}&code=J": False,
        f"ValueSet/$validate-code?url=http://example.org/sets/loaded&system={URL}&code=K": False,
    }.items():
        assert outputs(await fhir.get(asked))["result"] is result, asked

    told = outputs(await fhir.get(f"CodeSystem/$subsumes?system={URL}&codeA=J&codeB=J18.9"))
    assert told["outcome"] == "subsumes"


async def test_a_loaded_system_is_expanded_by_words_without_being_read(loaded):
    fhir, _ = loaded
    asked = "ValueSet/$expand?url=http://example.org/sets/loaded"
    expansion = (await fhir.get(f"{asked}&filter=viem+khong")).json()["expansion"]
    (row,) = expansion["contains"]
    assert (row["code"], row["display"]) == ("J18.9", "Pneumonia unspecified")
    codes = (await fhir.get(asked)).json()["expansion"]["contains"]
    assert [one["code"] for one in codes] == ["J18", "J18.9"]
    assert issues(await fhir.get("ValueSet/$expand?url=http://example.org/none"))


async def test_a_code_is_judged_for_a_binding(loaded):
    fhir, _ = loaded
    terminology = fhir.context.terminology

    def allow(type_):
        return fhir.context.allow("read", type_)

    for code, member in {"J18.9": True, "J": False, "K": False}.items():
        asked = ("http://example.org/sets/loaded", URL, code)
        assert await terminology.validate_code(allow, *asked) is member, code
