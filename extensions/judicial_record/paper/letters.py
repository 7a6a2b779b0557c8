"""Which letters a certificate may hold: those that print as they read, in the paper's font.

A name with a letter that is not seen, or that turns the text around, would let the page say
something else than the signed body: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
"""

import re
from collections.abc import Iterator
from typing import Any

from fhir_server.fhir.errors import Issue, Unprocessable

# Latin, as in passports and the Vietnamese alphabet, with the marks and signs Libertinus Serif has.
# One mark may stand behind a letter: a pile of them would cover the lines above.
_PLAIN = " -~\u00a0-\u00ac\u00ae-\u024f\u1e00-\u1e9b\u1e9e\u1ea0-\u1ef9"
_PLAIN += "\u2010-\u2015\u2018-\u2022\u2026\u20ab\u20ac"
_PRINTABLE = re.compile(f"(?:[{_PLAIN}][\u0300-\u036f]?)*")


def printable(text: str) -> bool:
    """Say whether a text prints as it reads, in capitals too."""
    return all(_PRINTABLE.fullmatch(one) for one in (text, text.upper()))


def check(body: dict[str, Any]) -> None:
    """Raise Unprocessable, with the places, where a text of the resource cannot be printed."""
    places = _unprintable(body["resourceType"], body)
    issues = [
        Issue("value", "Only Latin letters and common signs can be printed.", one) for one in places
    ]
    if issues:
        raise Unprocessable(issues=issues)


def _unprintable(place: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _unprintable(f"{place}.{name}", one)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _unprintable(f"{place}[{number}]", one)
    elif isinstance(value, str) and not _PRINTABLE.fullmatch(value):
        yield place
