"""Known systems: those whose codes follow a grammar and are listed nowhere.

https://hl7.org/fhir/R4/terminologies-systems.html
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fhir_server.terminology.ucum import is_unit

# https://www.rfc-editor.org/rfc/rfc6838#section-4.2
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_VALUE = r"""(?:[A-Za-z0-9!#$%&'*+.^_`|~-]+|"[^"\\]*")"""
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}(?:\s*;\s*[A-Za-z0-9-]+={_VALUE})*", re.ASCII)
# The subtags of BCP 47 in their order; registered as a whole are only those that begin so.
# https://www.rfc-editor.org/rfc/rfc5646#section-2.1
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+|i-[a-z]{2,8}",
    re.ASCII | re.IGNORECASE,
)
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
        Known("urn:ietf:bcp:47", "BCP 47 language tags", _fits(_LANGUAGE)),
    )
}
