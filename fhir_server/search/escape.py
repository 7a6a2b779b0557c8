r"""Search values taken apart at `,`, `|` and `$`, where no backslash stands before them.

https://hl7.org/fhir/R4/search.html#escaping
"""

import re

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
