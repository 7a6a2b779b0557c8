"""Vital signs: Observations whose LOINC code makes them one of R4's vital signs.

https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from collections.abc import Iterator

from fhir_server.validation.findings import Resource
from fhir_server.validation.profiles.discriminators import CORE

_LOINC = "http://loinc.org"
_PROFILES = {
    "85353-1": "vitalspanel",
    "9279-1": "resprate",
    "8867-4": "heartrate",
    "2708-6": "oxygensat",
    "8310-5": "bodytemp",
    "8302-2": "bodyheight",
    "9843-4": "headcircum",
    "29463-7": "bodyweight",
    "39156-5": "bmi",
    "85354-9": "bp",
}


def vital_signs(resource: Resource) -> Iterator[str]:
    """Give the profiles an Observation has to meet for its codes."""
    if resource["resourceType"] != "Observation":
        return
    for coding in resource.get("code", {}).get("coding", ()):
        name = _PROFILES.get(coding.get("code", ""))
        if name and coding.get("system") == _LOINC:
            yield CORE + name
