"""Authored profiles: whether a StructureDefinition that is written can be used.

https://hl7.org/fhir/R4/profiling.html
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.spec.tables import SpecError
from fhir_server.validation.findings import Findings, error, warning
from fhir_server.validation.profiles.known import Known
from fhir_server.validation.profiles.walk import Walk


def authored_findings(known: Known, walk: Walk) -> Findings:
    """Give why a profile cannot be used: it has no snapshot and none can be made, or no checks.

    Where only its base, or a type's profile, is not here, a warning says so.
    """
    definition = walk.visit.resource
    if definition.get("derivation") != "constraint" or "differential" not in definition:
        return []
    if str(definition.get("baseDefinition", "")).partition("|")[0] == definition.get("url"):
        told = "the definition is built on itself, so no resource can be checked by it"
        return warning("invariant", told, ".baseDefinition")
    missing: list[str] = []

    def find(url: str) -> Mapping[str, Any] | None:
        found = known.definition(url, walk)
        if found is None:
            missing.append(url)
        return found

    bare = {key: value for key, value in definition.items() if key != "snapshot"}
    try:
        known.made(bare, find)
    except SpecError as fault:
        return (warning if missing else error)("invariant", str(fault), ".differential")
    return []
