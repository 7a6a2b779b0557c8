"""Conditional read and HEAD: https://hl7.org/fhir/R4/http.html#cread."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

BASIC = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
OLD = "Sat, 01 Jan 2000 00:00:00 GMT"


def later(http_date, **spans):
    moment = parsedate_to_datetime(http_date) + timedelta(**spans)
    return format_datetime(moment.astimezone(UTC), usegmt=True)


@pytest.fixture
async def stored(fhir):
    return await fhir.put("Basic/b", BASIC)


PATHS = pytest.mark.parametrize("path", ["Basic/b", "Basic/b/_history/1"])


@PATHS
async def test_a_version_the_caller_names_is_not_sent_again(fhir, stored, path):
    for tag in ('W/"1"', '"1"', 'W/"7", W/"1"', "*"):
        answer = await fhir.get(path, If_None_Match=tag)
        assert (answer.status_code, answer.content) == (304, b""), tag
        assert answer.headers["etag"] == 'W/"1"'
        assert answer.headers["last-modified"] == stored.headers["last-modified"]
    assert (await fhir.get(path, If_None_Match='W/"2"')).status_code == 200


@PATHS
async def test_what_was_not_modified_since_is_not_sent_again(fhir, stored, path):
    modified = stored.headers["last-modified"]
    for since in (modified, later(modified, days=1)):
        answer = await fhir.get(path, If_Modified_Since=since)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == 'W/"1"'
    assert (await fhir.get(path, If_Modified_Since=OLD)).status_code == 200
    assert (await fhir.get(path, If_Modified_Since=later(modified, seconds=-1))).status_code == 200


async def test_if_modified_since_is_passed_over_where_if_none_match_is_given(fhir, stored):
    tomorrow = later(stored.headers["last-modified"], days=1)
    answer = await fhir.get("Basic/b", If_None_Match='W/"9"', If_Modified_Since=tomorrow)
    assert answer.status_code == 200
    answer = await fhir.get("Basic/b", If_None_Match='W/"1"', If_Modified_Since=OLD)
    assert answer.status_code == 304


@pytest.mark.parametrize("wrong", ["yesterday", "", "2026", "Sat, 99 Jan 2000 00:00:00 GMT", "0"])
async def test_a_date_that_cannot_be_read_is_passed_over(fhir, stored, wrong):
    assert (await fhir.get("Basic/b", If_Modified_Since=wrong)).status_code == 200


async def test_an_entry_of_a_batch_says_since_when_as_an_instant(fhir, stored):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    request = {"method": "GET", "url": "Basic/b", "ifModifiedSince": tomorrow}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": request}]}
    (entry,) = (await fhir.post("", batch)).json()["entry"]
    assert (entry["response"]["status"][:3], "resource" in entry) == ("304", False)


async def test_head_is_answered_wherever_get_is(fhir, stored, patient):
    await fhir.put("Patient/p", {**patient, "id": "p"})
    for path in (
        "Basic/b",
        "Basic/b/_history/1",
        "Basic/b/_history",
        "Basic/_history",
        "_history",
        "Basic?_id=b",
        "metadata",
        "Patient/p/$ehealth-book",
    ):
        got = await fhir.get(path)
        head = await fhir.http.head(f"/fhir/{path}")
        assert (head.status_code, head.content) == (200, b""), path
        varying = {"x-request-id", "content-length"}
        assert {k: v for k, v in head.headers.items() if k not in varying} == {
            k: v for k, v in got.headers.items() if k not in varying
        }
    assert (await fhir.http.head("/fhir/Basic/nobody")).status_code == 404


async def test_head_of_what_the_caller_has_is_a_304(fhir, stored):
    answer = await fhir.http.head("/fhir/Basic/b", headers={"If-None-Match": 'W/"1"'})
    assert answer.status_code == 304
