"""Limits a request meets at the door."""

import asyncio
from dataclasses import dataclass

import pytest

from fhir_server.access.caller import Caller
from fhir_server.base import Asked
from fhir_server.fhir.errors import Invalid, TooManyRequests
from fhir_server.http import exchange
from fhir_server.http.limits import Bucket, Limits, per_client
from tests.client import health, issues


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self):
        return self.now


async def test_a_url_over_the_limit_is_a_414_that_says_what_to_do(store, spec):
    async with health(store, spec, max_url_bytes=100) as fhir:
        at_limit = "Patient?name=" + "a" * (100 - len("/fhir/Patient" + "name="))
        assert (await fhir.get(at_limit)).status_code == 200
        for url in (at_limit + "a", "Patient/" + "a" * 100):
            answer = await fhir.get(url)
            assert answer.status_code == 414
            (issue,) = issues(answer)
            assert issue["code"] == "too-long"
            assert "_search" in issue["diagnostics"]


async def test_a_search_too_long_for_a_url_is_posted(store, spec):
    async with health(store, spec, max_url_bytes=100) as fhir:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await fhir.post("Patient/_search", b"name=" + b"a" * 500, **form)
        assert answer.status_code == 200


def test_a_key_may_ask_so_often_and_others_are_not_counted_with_it():
    clock = Clock()
    bucket = Bucket(10.0, clock)
    for _ in range(50):
        bucket.take("a")
    with pytest.raises(TooManyRequests) as caught:
        bucket.take("a")
    assert caught.value.headers == (("Retry-After", "1"),)
    bucket.take("b")
    clock.now += 0.1
    bucket.take("a")
    with pytest.raises(TooManyRequests):
        bucket.take("a")
    clock.now += 60
    for _ in range(50):
        bucket.take("a")


def test_who_goes_on_asking_is_not_counted_further_down():
    clock = Clock()
    bucket = Bucket(1.0, clock)
    for _ in range(5):
        bucket.take("a")
    for _ in range(1000):
        with pytest.raises(TooManyRequests):
            bucket.take("a")
    clock.now += 1
    bucket.take("a")


def test_a_rate_of_less_than_one_in_a_burst_still_lets_one_through():
    clock = Clock()
    bucket = Bucket(0.1, clock)
    bucket.take("a")
    with pytest.raises(TooManyRequests) as caught:
        bucket.take("a")
    assert caught.value.headers == (("Retry-After", "10"),)
    clock.now += 10
    bucket.take("a")


def test_no_rate_is_no_limit():
    bucket = Bucket(0.0, Clock())
    for _ in range(10_000):
        bucket.take("a")
    assert not bucket._full


def test_keys_without_number_take_bounded_memory():
    bucket = Bucket(10.0, Clock())
    for number in range(30_000):
        bucket.take(str(number))
    assert len(bucket._full) == 20_000


def asks(address, path="/fhir/Patient"):
    return {"path": path, "client": (address, 1), "headers": []}


def test_a_network_has_one_bucket_and_how_the_server_is_may_always_be_asked():
    limits = Limits(Bucket(1.0, Clock()), Bucket(0.2, Clock()))
    for host in range(5):
        limits.check(asks(f"2001:db8::{host}"), fhir=True)
    with pytest.raises(TooManyRequests):
        limits.check(asks("2001:db8::9"), fhir=True)
    limits.check(asks("2001:db8:0:1::9"), fhir=True)
    limits.check(asks("2001:db8::9", "/oauth/token"), fhir=False)
    with pytest.raises(TooManyRequests):
        limits.check(asks("2001:db8::9", "/sign-in"), fhir=False)
    for _ in range(20):
        limits.check(asks("2001:db8::9", "/health/live"), fhir=False)


async def test_a_client_has_one_bucket_wherever_it_asks_from():
    async def authenticate(asked):
        return Caller("x", client=asked.authorization)

    counted = per_client(authenticate, Bucket(0.2, Clock()))
    asked = [Asked(name, "", "GET", "") for name in ("a", "b")]
    assert (await counted(asked[0])).client == "a"
    with pytest.raises(TooManyRequests):
        await counted(asked[0])
    assert (await counted(asked[1])).client == "b"


async def test_too_often_is_a_429_that_says_when_before_anything_is_read(fhir):
    app = fhir.http._transport.app
    app._limits = Limits(Bucket(0.2), Bucket(0.2))
    assert (await fhir.get("metadata")).status_code == 200
    for answer in (await fhir.get("metadata"), await fhir.post("Patient", b"no json")):
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 5
        assert issues(answer)[0]["code"] == "throttled"
    assert (await fhir.http.get("/health/live")).status_code == 200
    assert (await fhir.http.get("/")).status_code == 307
    assert (await fhir.http.get("/")).status_code == 429


@pytest.mark.parametrize("path", ["/fhir/metadata", "/", "/health/live"])
async def test_a_head_over_the_limit_is_a_431(fhir, path):
    many = [(f"X-{number}", "a") for number in range(101)]
    for headers in (many, [("X-Long", "a" * 33_000)]):
        answer = await fhir.http.get(path, headers=headers)
        assert answer.status_code == 431
        assert issues(answer)[0]["code"] == "too-long"
    assert (await fhir.http.get(path, headers=many[:80])).status_code < 400


async def test_a_body_that_drips_for_ever_is_ended(monkeypatch):
    async def drip():
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b" ", "more_body": True}

    monkeypatch.setattr(exchange, "_WHOLE_BODY_SECONDS", 0.0)
    with pytest.raises(Invalid, match="stopped coming"):
        await exchange._body({"headers": []}, drip, 1_000_000)
