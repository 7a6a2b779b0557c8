"""Vietnamese personal names: family name first, then the middle and given names.

https://hl7.org/fhir/R4/datatypes.html#HumanName
"""

import unicodedata
from typing import Any

_STROKE = str.maketrans("đĐ", "dD")


def human_name(text: str) -> dict[str, Any]:
    """Give the HumanName of a full name; `text` keeps it as written."""
    family, *given = text.split()
    name: dict[str, Any] = {"use": "official", "text": text}
    if not given:
        return name | {"given": [family]}
    return name | {"family": family, "given": given}


def folded(text: str) -> str:
    """Give the name without accents and case, single-spaced: two spellings of one person agree."""
    plain = unicodedata.normalize("NFD", text.translate(_STROKE))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(letters.casefold().split())
