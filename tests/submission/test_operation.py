"""$submit-document over HTTP: statuses, dry run, and every kind of bad envelope."""

import pytest

from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from mappings.plugin import plugin
from tests.client import health, issues
from tests.submission.envelopes import envelope, file, hoso, wrapped
from tests.submission.stored import everything, submit

GOOD = envelope()


def errors(response):
    return [one for one in issues(response) if one["severity"] in ("error", "fatal")]


def places(response):
    return [one["expression"][0] for one in errors(response)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "XML"),
        (GOOD[: len(GOOD) // 2], "XML"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><GIAMDINHHS>&b;</GIAMDINHHS>", ""),
        (b"<!DOCTYPE GIAMDINHHS SYSTEM 'file:///etc/passwd'>" + GOOD[38:], ""),
        (b"<HOSO/>", "GIAMDINHHS"),
        (b"<GIAMDINHHS/>", "MACSKCB"),
        (wrapped(), "HOSO"),
        (envelope(facility="9900"), "MACSKCB"),
        (envelope(created="20250231"), "NGAYLAP"),
        (b"\xff\xfe\x00not xml", ""),
    ],
)
async def test_a_file_that_is_no_envelope_is_refused_and_nothing_is_stored(fhir, body, told):
    response = await submit(fhir, body)
    assert response.status_code == 400
    assert told in errors(response)[0]["diagnostics"]
    assert "root:" not in response.text
    assert await everything(fhir) == {}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (envelope(MA_BN="x" * 101), "HOSO[0].XML1.MA_BN"),
        (envelope(NGAY_RA="202502300900"), "HOSO[0].XML1.NGAY_RA"),
        (envelope(NGAY_SINH="198513010000"), "HOSO[0].XML1.NGAY_SINH"),
        (envelope(GIOI_TINH="7"), "HOSO[0].XML1.GIOI_TINH"),
        (envelope(MA_LOAI_KCB="99"), "HOSO[0].XML1.MA_LOAI_KCB"),
        (envelope(drop=("XML1",)), "HOSO[0].XML1"),
        (wrapped(f"<HOSO>{file('XML1', 'no base64!')}</HOSO>"), "HOSO[0].XML1"),
        (wrapped(f"<HOSO>{file('XML1', 'anVuaw==')}</HOSO>"), "HOSO[0].XML1"),
        (wrapped(hoso(), hoso()), "HOSO[0].XML1.MA_LK"),
    ],
)
async def test_a_visit_that_is_not_well_made_is_refused_and_only_its_file_is_kept(
    fhir, body, place
):
    response = await submit(fhir, body)
    assert response.status_code == 422
    assert place in places(response)
    kept = {one["resourceType"] for one in (await everything(fhir)).values()}
    assert kept == {"Binary", "DocumentReference"}


async def test_two_visits_of_one_number_are_both_refused(fhir):
    response = await submit(fhir, wrapped(hoso(MA_LK="A"), hoso(MA_LK="B"), hoso(MA_LK="A")))
    assert response.status_code == 200
    assert places(response) == ["HOSO[0].XML1.MA_LK", "HOSO[2].XML1.MA_LK"]


async def test_a_table_the_decree_does_not_know_is_a_warning(fhir):
    unknown = hoso().replace("<HOSO>", f"<HOSO>{file('XML99', 'x')}")
    response = await submit(fhir, wrapped(unknown))
    assert response.status_code == 200
    (warning,) = (one for one in issues(response) if "XML99" in one["diagnostics"])
    assert warning["severity"] == "warning"


async def test_a_file_over_the_limit_is_refused(store, spec):
    async with health(store, spec, max_body_bytes=1000) as fhir:
        response = await submit(fhir, GOOD)
    assert response.status_code == 413
    assert errors(response)[0]["code"] == "too-long"


@pytest.mark.parametrize("media_type", ["application/json", "application/fhir+json", "text/html"])
async def test_another_media_type_is_refused(fhir, media_type):
    response = await fhir.post("$submit-document", GOOD, Content_Type=media_type)
    assert response.status_code == 415
    assert await everything(fhir) == {}


async def test_the_document_is_posted_not_asked_for(fhir):
    assert (await fhir.get("$submit-document")).status_code == 405


@pytest.mark.parametrize("query", ["?dry-run=yes", "?dry-run=", "?dryrun=true"])
async def test_a_parameter_that_cannot_be_read_is_refused(fhir, query):
    assert (await submit(fhir, GOOD, query)).status_code == 400
    assert await everything(fhir) == {}


async def test_a_dry_run_answers_with_the_bundle_and_writes_nothing(fhir):
    response = await submit(fhir, wrapped(hoso(MA_LK="A"), hoso(MA_LK="B")), "?dry-run=true")
    assert response.status_code == 200
    bundle = response.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds.count("Encounter") == 2
    assert await everything(fhir) == {}


async def test_a_dry_run_says_what_would_be_refused_and_writes_nothing(fhir):
    body = wrapped(hoso(MA_LK="A"), hoso(MA_LK="B", GIOI_TINH="7"))
    response = await submit(fhir, body, "?dry-run=true")
    assert response.status_code == 422
    assert set(places(response)) == {f"HOSO[1].XML{n}.GIOI_TINH" for n in (1, 13, 14)}
    assert await everything(fhir) == {}


async def test_identifiers_are_under_the_configured_address(fhir):
    (operation, *_) = plugin("http://example.org/vn").operations
    headers = {"content-type": "application/xml"}
    request = FhirRequest("POST", "", (("dry-run", "true"),), headers, GOOD)
    response = await operation.handler(fhir.context, request, Target())
    assert b"http://example.org/vn/sid/cccd" in response.body
    assert b"fhir.hl7.org.vn" not in response.body
