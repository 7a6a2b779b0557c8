"""The outputs of an operation: a Parameters resource.

https://hl7.org/fhir/R4/operations.html#response
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.exchange import FhirResponse


def answer(parts: Iterable[Mapping[str, Any]]) -> FhirResponse:
    """Answer 200 with these parameters."""
    return FhirResponse(200, json.dump({"resourceType": "Parameters", "parameter": list(parts)}))
