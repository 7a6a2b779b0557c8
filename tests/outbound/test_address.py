"""What a URL and an IP address must be before anybody is asked."""

import pytest

from fhir_server.outbound.address import is_public, parsed


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "::8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "",
        "example.org",
    ],
)
def test_an_address_inside_or_in_disguise_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111"])
def test_an_address_of_the_open_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org/a",
        "https:example.org",
        "https:/example.org",
        "HTTPS://example.org",
        "ftp://example.org",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///a",
        "https://user@example.org",
        "https://good.example@evil.example/",
        "https://user:password@example.org",
        "https://@example.org",
        "https://example.org/#a",
        "https://example.org/#",
        "https://example.org\\@evil.example/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:/",
        "https://example.org:a/",
        "https://exa mple.org/",
        "https://example.org/\n",
        "https://example.org/\x00",
        "https://exämple.org/",
        "https://example。org/",
        "https://[::1/",
        "https://example.org/" + "a" * 2048,
    ],
)
def test_a_url_that_can_be_read_in_two_ways_is_refused(url):
    with pytest.raises(ValueError, match=r"."):
        parsed(url)


@pytest.mark.parametrize(
    ("url", "origin", "target", "named"),
    [
        ("https://Example.org", "https://example.org", "/", True),
        ("https://example.org:443/a?b=c", "https://example.org", "/a?b=c", True),
        ("https://example.org:8443/a", "https://example.org:8443", "/a", True),
        ("http://127.0.0.1:80/", "http://127.0.0.1", "/", False),
        ("http://[::1]:9000/", "http://[::1]:9000", "/", False),
        ("https://localhost/", "https://localhost", "/", False),
        ("https://2130706433/", "https://2130706433", "/", False),
        ("https://0x7f.1/", "https://0x7f.1", "/", False),
        ("https://0177.0.0.1/", "https://0177.0.0.1", "/", False),
        ("https://example.org./", "https://example.org.", "/", False),
    ],
)
def test_a_url_is_compared_by_its_parts(url, origin, target, named):
    found = parsed(url)
    assert (found.origin, found.target, found.is_named) == (origin, target, named)
