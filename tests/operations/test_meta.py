"""$meta, $meta-add, $meta-delete: profiles, tags and labels as sets."""

import pytest

from tests.client import issues
from tests.operations.persons import out, parameters, patient

TAG = {"system": "http://example.org/tags", "code": "a"}
OTHER = {"system": "http://example.org/tags", "code": "b", "display": "B"}
LABEL = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
PROFILE = "http://example.org/StructureDefinition/one"


def meta_of(response):
    assert response.status_code == 200, response.text
    return out(response, "return")["valueMeta"]


def given(**meta):
    return parameters({"name": "meta", "valueMeta": meta})


async def test_a_resource_tells_its_meta(fhir):
    stored = await patient(fhir, "p", meta={"tag": [TAG], "profile": [PROFILE]})
    for response in (await fhir.get("Patient/p/$meta"), await fhir.post("Patient/p/$meta", b"")):
        assert meta_of(response) == stored["meta"]


async def test_a_version_tells_its_own_meta(fhir):
    first = await patient(fhir, "p", meta={"tag": [TAG]})
    await patient(fhir, "p", meta={"tag": [OTHER]})
    assert meta_of(await fhir.get("Patient/p/_history/1/$meta")) == first["meta"]
    assert (await fhir.get("Patient/p/_history/9/$meta")).status_code == 404
    assert (await fhir.get("Patient/p/_history/x/$meta")).status_code == 404
    assert (await fhir.post("Patient/p/_history/1/$meta-add", b"")).status_code == 404
    await fhir.delete("Patient/p")
    assert (await fhir.get("Patient/p/_history/3/$meta")).status_code == 410


async def test_a_type_and_the_system_tell_every_tag_and_label_in_use(fhir):
    odd = {"system": "http://example.org/a|b", "code": "x"}
    await patient(fhir, "p", meta={"tag": [TAG, {"code": "bare"}], "security": [LABEL]})
    await patient(fhir, "q", meta={"tag": [TAG, odd]})
    await fhir.put("Basic/b", {"resourceType": "Basic", "id": "b", "code": {"text": "x"}})
    await fhir.post("Basic/b/$meta-add", given(tag=[OTHER]))
    found = meta_of(await fhir.get("Patient/$meta"))
    assert sorted(found["tag"], key=str) == sorted([TAG, odd, {"code": "bare"}], key=str)
    assert found["security"] == [LABEL]
    tags = meta_of(await fhir.get("$meta"))["tag"]
    assert {one["code"] for one in tags} == {"a", "b", "bare", "x"}
    assert (await fhir.get("Observation/$meta")).json() == {"resourceType": "Parameters"}


async def test_adding_joins_sets_and_makes_a_version(fhir):
    await patient(fhir, "p", meta={"tag": [TAG]})
    body = given(tag=[{**TAG, "display": "other words"}, OTHER, OTHER], profile=[PROFILE])
    response = await fhir.post("Patient/p/$meta-add", body)
    found = meta_of(response)
    assert found["tag"] == [TAG, OTHER]
    assert found["profile"] == [PROFILE]
    assert found["versionId"] == "2"
    assert response.headers["etag"] == 'W/"2"'
    assert (await fhir.get("Patient/p")).json()["meta"] == found
    assert (await fhir.get("Patient?_tag=http://example.org/tags|b&_total=accurate")).json()[
        "total"
    ] == 1


async def test_adding_what_is_there_makes_no_version(fhir):
    await patient(fhir, "p", meta={"tag": [TAG]})
    assert meta_of(await fhir.post("Patient/p/$meta-add", given(tag=[TAG])))["versionId"] == "1"


async def test_deleting_takes_what_is_named_whether_it_is_there_or_not(fhir):
    await patient(fhir, "p", meta={"tag": [TAG, OTHER], "security": [LABEL]})
    body = given(tag=[{**TAG, "display": "any"}], security=[LABEL], profile=[PROFILE])
    found = meta_of(await fhir.post("Patient/p/$meta-delete", body))
    assert found["tag"] == [OTHER]
    assert "security" not in found
    assert "profile" not in found


async def test_decimals_keep_their_digits(fhir):
    body = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"w"},'
        b'"valueQuantity":{"value":62.50}}'
    )
    await fhir.put("Observation/o", body)
    await fhir.post("Observation/o/$meta-add", given(tag=[TAG]))
    assert '"value":62.50' in (await fhir.get("Observation/o")).text


async def test_if_match_guards_the_change(fhir):
    await patient(fhir, "p")
    stale = await fhir.post("Patient/p/$meta-add", given(tag=[TAG]), If_Match='W/"7"')
    assert stale.status_code == 412


@pytest.mark.parametrize("name", ["meta", "meta-add", "meta-delete"])
async def test_who_is_not_there_has_no_meta(fhir, name):
    await patient(fhir, "gone")
    await fhir.delete("Patient/gone")
    body = b"" if name == "meta" else given(tag=[TAG])
    assert (await fhir.post(f"Patient/never/${name}", body)).status_code == 404
    assert (await fhir.post(f"Patient/gone/${name}", body)).status_code == 410
    assert (await fhir.post(f"Nothing/p/${name}", body)).status_code == 404
    assert (await fhir.post(f"Patient/a..b/${name}", body)).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        parameters(),
        parameters({"name": "meta", "valueString": "x"}),
        parameters({"name": "meta", "valueMeta": {"tag": [TAG]}}, {"name": "x", "valueCode": "y"}),
        {"resourceType": "Patient"},
        b"[]",
    ],
)
async def test_inputs_that_cannot_be_read_are_refused(fhir, body):
    await patient(fhir, "p")
    for name in ("meta-add", "meta-delete"):
        response = await fhir.post(f"Patient/p/${name}", body)
        assert response.status_code == 400, response.text
        assert issues(response)


async def test_a_meta_that_is_not_well_made_is_refused_with_its_place(fhir):
    await patient(fhir, "p")
    response = await fhir.post("Patient/p/$meta-add", given(tag=[{"colour": "red"}]))
    assert response.status_code == 422
    assert issues(response)[0]["expression"] == ["Parameters.parameter[0].value.tag[0].colour"]


async def test_an_unknown_parameter_and_a_changing_get_are_refused(fhir):
    await patient(fhir, "p")
    assert (await fhir.get("Patient/p/$meta?colour=red")).status_code == 400
    assert (await fhir.get("Patient/p/$meta-add")).status_code == 405
