r"""Search values taken apart at `,`, `|` and `$`, where no backslash stands before them.

Also the prefixes of ordered values, https://hl7.org/fhir/R4/search.html#prefix.
https://hl7.org/fhir/R4/search.html#escaping
"""

import re
from collections.abc import Collection

from fhir_server.fhir.errors import Invalid

_ESCAPED = re.compile(r"\\([,|$\\])")


def split(value: str, separator: str, limit: int = -1) -> list[str]:
    r"""Split at each separator (at most `limit`) that is not escaped; parts keep their escapes."""
    if "\\" not in value:
        return value.split(separator, limit)
    parts = [""]
    escaped = False
    for letter in value:
        if letter == separator and not escaped and (limit < 0 or len(parts) <= limit):
            parts.append("")
            continue
        parts[-1] += letter
        escaped = letter == "\\" and not escaped
    return parts


def unescape(value: str) -> str:
    r"""Give the value meant: `\,` `\|` `\$` and `\\` lose their backslash."""
    return _ESCAPED.sub(r"\1", value) if "\\" in value else value


def prefixed(value: str, prefixes: Collection[str], kind: str) -> tuple[str, str]:
    """Split `ge5` into its prefix and the rest, `eq` where there is none; Invalid for another."""
    prefix = value[:2]
    if prefix in prefixes:
        return prefix, value[2:]
    if prefix.isalpha():
        known = ", ".join(prefixes)
        raise Invalid(f"{prefix!r} is not a prefix of a {kind}; known: {known}.", code="value")
    return "eq", value
