"""Servers of others: only those on the open Internet, held at one address, briefly and in small."""

import asyncio

import httpx2
import pytest

from fhir_server.outbound.client import NotFetched, Outbound

PUBLIC = "93.184.216.34"
URL = "https://example.org/jwks?a=b"


def response(status=200, body=b"ok", **headers):
    async def pieces():
        yield body

    return httpx2.Response(status, content=pieces(), headers=headers)


def outbound(answer=None, addresses=(PUBLIC,), **given):
    """Give a client of a net with one server, the list of what that was asked, and look-ups."""
    asked, looked = [], []

    def answered(request):
        asked.append(request)
        return answer(request) if answer else response()

    async def resolve(host, port):
        looked.append((host, port))
        return list(addresses)

    transport = httpx2.MockTransport(answered)
    return Outbound(resolve=resolve, transport=transport, **given), asked, looked


async def test_a_stranger_is_asked_at_the_address_that_was_looked_at():
    out, asked, looked = outbound()
    found = await out.fetch(URL)
    assert (found.status, found.body) == (200, b"ok")
    (request,) = asked
    assert str(request.url) == f"https://{PUBLIC}/jwks?a=b"
    assert request.headers["host"] == "example.org"
    assert request.extensions["sni_hostname"] == "example.org"
    assert looked == [("example.org", 443)]


async def test_an_ipv6_address_is_held_too():
    out, asked, _ = outbound(addresses=["2606:4700:4700::1111"])
    await out.fetch(URL)
    assert str(asked[0].url) == "https://[2606:4700:4700::1111]/jwks?a=b"


TARGETS = [
    "http://example.org/",
    "https://example.org:8443/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://localhost/",
    "https://metadata/",
    "https://93.184.216.34/",
    "https://good.example@evil.example/",
    "https://example.org\\.evil.example/",
    "gopher://example.org/",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("url", TARGETS)
async def test_no_other_than_an_https_name_is_asked_nor_looked_up(url):
    out, asked, looked = outbound()
    assert not out.may(url)
    with pytest.raises(NotFetched):
        await out.fetch(url)
    assert (asked, looked) == ([], [])


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["64:ff9b::7f00:1"],
        [PUBLIC, "127.0.0.1"],
        ["10.0.0.1", PUBLIC],
    ],
)
async def test_a_name_with_any_address_inside_is_not_asked(addresses):
    out, asked, _ = outbound(addresses=addresses)
    with pytest.raises(NotFetched):
        await out.fetch(URL)
    assert asked == []


async def test_a_name_is_looked_up_once_so_that_it_cannot_change_after_the_look():
    out, asked, looked = outbound()
    answers = [[PUBLIC], ["127.0.0.1"]]

    async def changing(host, port):
        looked.append((host, port))
        return answers.pop(0)

    out = Outbound(resolve=changing, transport=out.transport)
    await out.fetch(URL)
    assert [request.url.host for request in asked] == [PUBLIC]
    with pytest.raises(NotFetched):
        await out.fetch(URL)
    assert len(looked) == 2


@pytest.mark.parametrize("to", ["http://127.0.0.1/", "https://other.example.org/"])
async def test_a_redirect_is_given_and_not_followed(to):
    out, asked, _ = outbound(lambda _: response(302, location=to))
    assert (await out.fetch(URL)).status == 302
    assert len(asked) == 1


async def test_an_answer_over_the_limit_is_broken_off():
    given = []

    async def endless():
        for number in range(1000):
            given.append(number)
            yield b" " * 1024

    out, _, _ = outbound(lambda _: httpx2.Response(200, content=endless()))
    with pytest.raises(NotFetched, match="65536"):
        await out.fetch(URL)
    assert len(given) == 65


async def test_a_compressed_answer_is_refused_unread():
    out, _, _ = outbound(lambda _: response(200, b"\x1f\x8b", **{"content-encoding": "gzip"}))
    with pytest.raises(NotFetched):
        await out.fetch(URL)


async def test_an_answer_that_drips_is_not_waited_for():
    async def drip():
        while True:
            yield b" "
            await asyncio.sleep(0)

    out, _, _ = outbound(
        lambda _: httpx2.Response(200, content=drip()), seconds=0.05, max_bytes=10**9
    )
    with pytest.raises(NotFetched):
        await out.fetch(URL)


async def test_what_went_wrong_says_nothing_of_what_is_behind_a_name():
    def refused(_):
        raise httpx2.ConnectError("10.0.0.5: connection refused")

    inside, _, _ = outbound(addresses=["10.0.0.5"])
    away, _, _ = outbound(refused)
    told = set()
    for one in (inside, away):
        with pytest.raises(NotFetched) as error:
            await one.fetch(URL)
        told.add(str(error.value))
    assert len(told) == 1
    assert "10.0.0.5" not in told.pop()


async def test_an_origin_of_the_settings_is_asked_as_it_is_written_and_only_it():
    out, asked, looked = outbound(origins=frozenset({"http://127.0.0.1:9000"}))
    await out.fetch("http://127.0.0.1:9000/jwks")
    assert (str(asked[0].url), looked) == ("http://127.0.0.1:9000/jwks", [])
    for other in (
        "http://127.0.0.1:9001/",
        "https://127.0.0.1:9000/",
        "http://127.0.0.1:9000.evil.example/",
        "http://127.0.0.1:9000@evil.example/",
        "http://127.0.0.1/",
    ):
        with pytest.raises(NotFetched):
            await out.fetch(other)
    assert len(asked) == 1


async def test_a_form_is_posted():
    out, asked, _ = outbound()
    await out.fetch(URL, form=[("a", "b c"), ("a", "&")], headers={"Accept": "application/json"})
    (request,) = asked
    assert (request.method, request.content) == ("POST", b"a=b+c&a=%26")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_thread_fetches_without_a_loop_of_its_own():
    out, _, _ = outbound()
    assert (await asyncio.to_thread(out.get, URL)).body == b"ok"
