"""Known systems: those whose codes follow a grammar and are listed nowhere.

https://hl7.org/fhir/R4/terminologies-systems.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fhir_server.terminology import language_tags
from fhir_server.terminology.ucum import is_unit

# https://www.rfc-editor.org/rfc/rfc6838#section-4.2
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_VALUE = r"""(?:[A-Za-z0-9!#$%&'*+.^_`|~-]+|"[^"\\]*")"""
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}(?:\s*;\s*[A-Za-z0-9-]+={_VALUE})*", re.ASCII)
_MAX_LENGTH = 255


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A system that can tell its codes, and has no other text for them than themselves."""

    url: str
    name: str
    member: Callable[[str], bool]


def _fits(grammar: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda code: len(code) <= _MAX_LENGTH and grammar.fullmatch(code) is not None


KNOWN: Mapping[str, Known] = {
    one.url: one
    for one in (
        Known("http://unitsofmeasure.org", "UCUM", is_unit),
        Known("urn:ietf:bcp:13", "BCP 13 media types", _fits(_MEDIA_TYPE)),
        Known(language_tags.URL, "BCP 47 language tags", language_tags.is_tag),
    )
}
