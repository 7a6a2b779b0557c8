"""Vietnamese personal names: family name first, then the middle and given names.

https://hl7.org/fhir/R4/datatypes.html#HumanName
"""

from typing import Any


def human_name(text: str) -> dict[str, Any]:
    """Give the HumanName of a full name; `text` keeps it as written."""
    family, *given = text.split()
    name: dict[str, Any] = {"use": "official", "text": text}
    if not given:
        return name | {"given": [family]}
    return name | {"family": family, "given": given}
