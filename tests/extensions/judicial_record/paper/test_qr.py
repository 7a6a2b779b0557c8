"""QR codes: the size and error correction that were chosen, the modules that were meant."""

import re

import segno
from segno import consts

from extensions.judicial_record.paper import offline, qr

URL = "https://lltp.example/v/AbCdEfGhIjKlMnOpQrStUv"


def modules(svg):
    """Read the dark modules from the strokes of an SVG."""
    [path] = re.findall(r' d="([^"]+)"', svg)
    dark, x, y = set(), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-0-9. ]+)", path):
        values = [float(one) for one in numbers.split()]
        if command == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
        else:
            x, y = (x + values[0], y + values[1]) if command == "m" else values
    return dark


def expected(code):
    return {(x, y) for y, row in enumerate(code.matrix) for x, one in enumerate(row) if one}


def test_the_code_of_an_address_is_small_and_survives_a_crease():
    code = segno.make_qr(URL, version=4, error="m", boost_error=False)
    assert modules(qr.of_link(URL)) == expected(code)
    assert code.designator == "4-M"


def test_the_code_of_an_extract_is_of_two_parts():
    text = "eyJhbGciOiJFUzI1NiJ9." + "a" * 300
    parts = [("jrc:/", consts.MODE_BYTE), (offline.digits(text), consts.MODE_NUMERIC)]
    code = segno.make_qr(parts, error="l", boost_error=False)
    assert modules(qr.of_jws(text)) == expected(code)
    assert code.version <= 22


def test_an_extract_too_long_for_paper_has_no_code():
    assert qr.of_jws("a" * 1_200) is None
    assert qr.of_jws("a" * 100_000) is None


def test_the_address_is_short():
    assert qr.link("https://lltp.example", "AbCdEfGhIjKlMnOpQrStUv") == URL
