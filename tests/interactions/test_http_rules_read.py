"""Read and vread: https://hl7.org/fhir/R4/http.html#read, #vread, #versions."""

from email.utils import parsedate_to_datetime

import pytest

from tests.client import issues

BASIC = {"resourceType": "Basic", "id": "b", "code": {"text": "first"}}
CHANGED = {**BASIC, "code": {"text": "second"}}


@pytest.fixture
async def versions(fhir):
    """Give the answers of four versions: made, changed, deleted, brought back."""
    return [
        await fhir.put("Basic/b", BASIC),
        await fhir.put("Basic/b", CHANGED),
        await fhir.delete("Basic/b"),
        await fhir.put("Basic/b", BASIC),
    ]


async def test_a_read_gives_the_current_version_with_its_id(fhir, versions):
    answer = await fhir.get("Basic/b")
    assert answer.status_code == 200
    told = answer.json()
    assert (told["resourceType"], told["id"]) == ("Basic", "b")
    assert told["meta"]["versionId"] == "4"
    assert answer.content == versions[3].content


async def test_the_etag_is_the_version_id_and_last_modified_is_last_updated(fhir, versions):
    for path in ("Basic/b", "Basic/b/_history/1", "Basic/b/_history/2"):
        answer = await fhir.get(path)
        meta = answer.json()["meta"]
        assert answer.headers["etag"] == f'W/"{meta["versionId"]}"'
        modified = parsedate_to_datetime(answer.headers["last-modified"])
        assert modified.strftime("%Y-%m-%dT%H:%M:%S") == meta["lastUpdated"][:19]


async def test_what_is_not_known_is_a_404_and_what_was_deleted_a_410(fhir, versions):
    await fhir.delete("Basic/b")
    assert (await fhir.get("Basic/nobody")).status_code == 404
    assert (await fhir.get("Basic/b")).status_code == 410
    assert (await fhir.get("Patient/b")).status_code == 404


async def test_a_vread_gives_the_version_byte_for_byte_as_it_was_read_then(fhir, versions):
    for number, written in ((1, versions[0]), (2, versions[1]), (4, versions[3])):
        answer = await fhir.get(f"Basic/b/_history/{number}")
        assert (answer.status_code, answer.content) == (200, written.content)


async def test_a_version_that_was_a_deletion_is_a_410(fhir, versions):
    answer = await fhir.get("Basic/b/_history/3")
    assert (answer.status_code, issues(answer)[0]["code"]) == (410, "deleted")


@pytest.mark.parametrize("version", ["0", "5", "9999999999", "x", "01x", "-1", "%20"])
async def test_a_version_that_never_was_is_a_404(fhir, versions, version):
    assert (await fhir.get(f"Basic/b/_history/{version}")).status_code == 404


async def test_versions_of_a_deleted_resource_stay_readable(fhir, versions):
    await fhir.delete("Basic/b")
    assert (await fhir.get("Basic/b/_history/1")).status_code == 200
    assert (await fhir.get("Basic/b/_history")).status_code == 200


async def test_a_read_takes_no_search_parameter(fhir, versions):
    for path in ("Basic/b", "Basic/b/_history/1"):
        for query in ("code=x", "_id=b", "_count=1"):
            assert (await fhir.get(f"{path}?{query}")).status_code == 400


async def test_version_and_time_are_the_servers_and_the_rest_of_meta_is_kept(fhir):
    tag = {"system": "http://example.org/tags", "code": "kept"}
    meta = {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z", "tag": [tag]}
    told = (await fhir.put("Basic/b", {**BASIC, "meta": meta})).json()["meta"]
    assert (told["versionId"], told["tag"]) == ("1", [tag])
    assert told["lastUpdated"] > "2025"


async def test_each_change_is_a_new_version_with_a_later_time(fhir, versions):
    metas = [(await fhir.get(f"Basic/b/_history/{number}")).json()["meta"] for number in (1, 2, 4)]
    assert [meta["versionId"] for meta in metas] == ["1", "2", "4"]
    times = [meta["lastUpdated"] for meta in metas]
    assert times == sorted(set(times))


async def test_history_is_never_written_to(fhir, versions):
    for path in ("Basic/b/_history/1", "Basic/b/_history", "Basic/_history", "_history"):
        for answer in (await fhir.put(path, BASIC), await fhir.delete(path)):
            assert answer.status_code == 405
            assert answer.headers["allow"] == "GET"
