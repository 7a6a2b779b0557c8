"""Media types: what Accept, _format and Content-Type ask for and say.

https://hl7.org/fhir/R4/http.html#mime-type and https://www.rfc-editor.org/rfc/rfc9110#field.accept
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import msgspec

Format = Literal["json", "xml", "ndjson"]

JSON_TYPE, XML_TYPE = "application/fhir+json", "application/fhir+xml"
LINES_TYPE = "application/fhir+ndjson"
STANDARD: Mapping[Format, str] = {"json": JSON_TYPE, "xml": XML_TYPE, "ndjson": LINES_TYPE}
# The media types that name FHIR, those that may be FHIR, all in the order the server prefers.
FHIR_TYPES: Mapping[str, Format] = {
    JSON_TYPE: "json",
    XML_TYPE: "xml",
    "application/json+fhir": "json",
    "application/xml+fhir": "xml",
}
GENERIC_TYPES: Mapping[str, Format] = {
    "application/json": "json",
    "text/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}
TYPES: Mapping[str, Format] = {**FHIR_TYPES, **GENERIC_TYPES}
# What is answered and not read comes last: only who asks for it is given it.
ANSWERS: Mapping[str, Format] = {
    **TYPES,
    LINES_TYPE: "ndjson",
    "application/ndjson": "ndjson",
    "application/x-ndjson": "ndjson",
}

_NAMES: Mapping[str, Format] = {**{name: name for name in STANDARD}, **ANSWERS}
_VERSIONS = ("4.0", "4.0.1")
_CHARSETS = ("utf-8", "utf8")


class Media(msgspec.Struct, frozen=True):
    """One way to answer: `type` is the media type told, `version` the fhirVersion asked for."""

    type: str = JSON_TYPE
    format: Format = "json"
    version: str = ""

    @property
    def content_type(self) -> str:
        """The value of Content-Type."""
        version = f"; fhirVersion={self.version}" if self.version else ""
        return f"{self.type}{version}; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Range:
    """One item of Accept or Accept-Encoding: how much it is wanted, 0 to 1, and its version."""

    q: float
    version: str = ""


def parse(text: str) -> tuple[str, dict[str, str]]:
    """Read `Text/XML; charset="UTF-8"`: the type in lower case, the parameters' names too."""
    type_, *rest = text.split(";")
    pairs = (one.partition("=") for one in rest)
    return type_.strip().lower(), {
        name.strip().lower(): value.strip().strip('"') for name, _, value in pairs
    }


def readable(parameters: Mapping[str, str]) -> bool:
    """Say whether this server speaks the charset and FHIR version a media type names."""
    charset = parameters.get("charset", "utf-8").lower()
    return charset in _CHARSETS and parameters.get("fhirversion", "4.0") in _VERSIONS


@lru_cache(maxsize=128)
def ranges(header: str) -> Mapping[str, Range]:
    """Read a list with q-values by name; an item with another charset or FHIR version is none."""
    found: dict[str, Range] = {}
    for one in header.split(","):
        name, parameters = parse(one)
        q = _q(parameters.get("q", "1"))
        if name and q is not None and readable(parameters):
            known = found.get(name)
            if known is None or known.q < q:
                found[name] = Range(q, parameters.get("fhirversion", ""))
    return found


def best_range(listed: Mapping[str, Range], type_: str) -> Range:
    """Give the most specific range a media type falls in; one with q 0 if it falls in none."""
    main = type_.partition("/")[0]
    for name in (type_, f"{main}/*", "*/*", "*"):
        if name in listed:
            return listed[name]
    return Range(0)


@lru_cache(maxsize=128)
def wanted(format_: str | None, accept: str | None) -> Media | None:
    """Give how to answer: `_format` wins over Accept, JSON over XML; None if nothing will do."""
    if format_:
        return _named(format_)
    listed = ranges(accept or "*/*")
    found = {type_: best_range(listed, type_) for type_ in ANSWERS}
    best = max(ANSWERS, key=lambda type_: found[type_].q)
    return Media(best, ANSWERS[best], found[best].version) if found[best].q else None


def native(format_: str | None, accept: str | None, content_type: str) -> bool:
    """Say whether a Binary is answered as its own bytes and not as a FHIR resource.

    FHIR is what is named as FHIR; `application/xml` and the like are the content where that is
    what they name, and FHIR where it is not. https://hl7.org/fhir/R4/binary.html#rest
    """
    if format_:
        return False
    listed = ranges(accept or "*/*")
    content = best_range(listed, parse(content_type)[0]).q
    as_fhir = max(listed[type_].q if type_ in listed else 0 for type_ in FHIR_TYPES)
    if as_fhir and as_fhir >= content:
        return False
    return content > 0 or not any(type_ in listed and listed[type_].q for type_ in GENERIC_TYPES)


def _named(format_: str) -> Media | None:
    name, parameters = parse(format_)
    # A plus sign written plainly in a URL arrives as a space.
    format_of = _NAMES.get(name.replace(" ", "+"))
    if format_of is None or not readable(parameters):
        return None
    return Media(STANDARD[format_of], format_of, parameters.get("fhirversion", ""))


def _q(text: str) -> float | None:
    """Read a q-value; None if it is none."""
    try:
        q = float(text)
    except ValueError:
        return None
    return q if 0 <= q <= 1 else None
