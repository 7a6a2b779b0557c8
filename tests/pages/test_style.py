"""The colours can be read: https://www.w3.org/TR/WCAG22/#contrast-minimum."""

import re
from pathlib import Path

import pytest

import fhir_server.pages

STYLE = (Path(fhir_server.pages.__path__[0]) / "style.css").read_text(encoding="utf-8")
SCHEMES = [dict(re.findall(r"--([\w-]+): #(\w{6})", part)) for part in STYLE.split("@media")[:2]]
# Words on a ground, and lines that must be seen.
WORDS, GROUNDS = ("ink", "soft", "act", "bad", "good"), ("ground", "raised")
PAIRS = [
    *((word, ground, 4.5) for word in WORDS for ground in GROUNDS),
    ("on-act", "act", 4.5),
    ("line", "ground", 3.0),
]


@pytest.mark.parametrize("scheme", SCHEMES, ids=["light", "dark"])
def test_every_colour_stands_out_from_its_ground(scheme):
    for one, other, least in PAIRS:
        assert contrast(scheme[one], scheme[other]) >= least, (one, other)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance ."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
