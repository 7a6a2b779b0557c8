"""gzip and zstd: what is packed, what is unpacked, and the bomb that is not."""

import gzip
import zlib

import pytest

from fhir_server.http import encodings
from tests.client import health, issues

BODY = b'{"resourceType":"Patient","language":"' + b"x" * 5000 + b'"}'
JSON = "application/fhir+json; charset=utf-8"
OPENED = {"gzip": gzip.decompress, "zstd": encodings.zstd.decompress, "": bytes}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", ""),
        ("identity", ""),
        ("br", ""),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, zstd;q=0.5", "gzip"),
        ("gzip;q=0, zstd;q=0", ""),
        ("gzip;q=0.5, identity", ""),
        ("*", "zstd"),
        ("*;q=0", ""),
        ("zstd;q=0, *", "gzip"),
        ("GZIP", "gzip"),
    ],
)
async def test_an_answer_is_packed_as_the_caller_likes_best(accepted, coding):
    body, told = await encodings.packed(BODY, JSON, accepted)
    assert told == coding
    assert OPENED[told](body) == BODY


async def test_small_bodies_and_packed_media_stay_as_they_are():
    assert await encodings.packed(b"{}", JSON, "gzip") == (b"{}", "")
    assert await encodings.packed(BODY, "image/jpeg", "gzip") == (BODY, "")


async def test_a_large_body_is_packed_beside_the_loop(monkeypatch):
    monkeypatch.setattr("fhir_server.interactions.aside.LARGE", 10)
    body, _ = await encodings.packed(BODY, JSON, "gzip")
    assert await encodings.unpacked(body, "gzip", len(BODY)) == BODY


async def test_a_packed_answer_says_so(fhir):
    answer = await fhir.get("metadata", Accept_Encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert int(answer.headers["content-length"]) < len(answer.content)
    assert answer.json()["resourceType"] == "CapabilityStatement"


async def test_a_body_in_zstd_is_read(fhir):
    pack = encodings.zstd.compress
    body = pack(b'{"resourceType":') + pack(b'"Patient"}')
    assert (await fhir.post("Patient", body, Content_Encoding="zstd")).status_code == 201
    for broken in (b"no zstd", body[:-5]):
        answer = await fhir.post("Patient", broken, Content_Encoding="zstd")
        assert answer.status_code == 400


async def test_a_body_in_gzip_is_read(fhir):
    body = gzip.compress(b'{"resourceType":') + gzip.compress(b'"Patient"}')
    answer = await fhir.post("Patient", body, Content_Encoding="gzip")
    assert answer.status_code == 201


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_bomb_is_refused_as_soon_as_it_is_over_the_limit(store, spec, coding):
    bomb = encodings._CODINGS[coding](b" " * 20_000_000)
    async with health(store, spec, max_body_bytes=100_000) as fhir:
        answer = await fhir.post("Patient", bomb, Content_Encoding=coding)
    assert len(bomb) < 100_000
    assert answer.status_code == 413
    assert issues(answer)[0]["code"] == "too-long"


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(BODY, mtime=0)[:50], zlib.compress(BODY)],
    ids=["plain", "cut", "zlib"],
)
async def test_a_broken_gzip_body_is_a_400(fhir, body):
    answer = await fhir.post("Patient", body, Content_Encoding="gzip")
    assert answer.status_code == 400
    assert "gzip" in issues(answer)[0]["diagnostics"]


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip"])
async def test_another_coding_of_a_body_is_a_415_that_says_what_is_read(fhir, coding):
    answer = await fhir.post("Patient", BODY, Content_Encoding=coding)
    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "gzip, zstd"
